"""What a proof stands on: the desk of the copied code on a database of the tests, in a transaction that leaves nothing behind.

The proofs are run as scripts in the copy; the tests are not in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

django.setup()
settings.DATABASES["default"]["NAME"] = os.environ["LIVE_DATABASE"]
settings.ALLOWED_HOSTS = ["testserver"]
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"

from accounts import actions as accounts  # noqa: E402
from accounts import clock, journal, tenancy  # noqa: E402
from accounts.models import Membership, User, Workspace  # noqa: E402
from accounts.permissions import Actor, Role  # noqa: E402
from conversations import actions  # noqa: E402
from conversations.actions.entries import Door  # noqa: E402
from conversations.models import Channel, Conversation  # noqa: E402


@contextmanager
def workspace() -> Iterator[Workspace]:
    """The scope of a new workspace, with the migrations of the copy applied."""
    with transaction.atomic():
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
        row = accounts.create_workspace(slug="copied", name="Copied", at=clock.now())
        with tenancy.scope(row):
            yield row
        transaction.set_rollback(True)


def act(row: Workspace) -> dict[str, Any]:
    """The desk itself, now."""
    return {"by": Actor.system(row.pk), "at": clock.now()}


def member(row: Workspace, name: str) -> Membership:
    """An agent of the workspace."""
    user = User.objects.create_user(f"{name}@copied.example", name=name)
    return accounts.add_member(workspace=row, user=user, role=Role.AGENT, **act(row))


def conversation(row: Workspace, channel: str) -> Conversation:
    """A conversation with a customer, begun by a channel."""
    contact = actions.identify(workspace=row, external_id="jane", name="Jane Doe", **act(row))
    door = Door(Channel(channel), channel)
    return actions.start(workspace=row, contact=contact, subject="Help", body="It fails.", door=door, **act(row))


def drain() -> None:
    """Run the reactions of all that happened."""
    while journal.drain():
        pass
