"""One desk for this folder, on a database of its own: acme with many conversations, and beside it globex with as many."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection

from accounts.models import User, Workspace
from accounts.permissions import Role
from tests import factories
from tests.conftest import Key, Member, member
from tests.dialects import harness
from tests.grown.growth import grow, settle, without_checks
from tests.runtime import scratch

COUNT = int(os.environ.get("GROWN", "20000"))
"""Conversations of acme; globex has as many."""


@dataclass(frozen=True)
class Grown:
    """Acme with its owner, its agent and its key; the agent has a third of the conversations. Root runs the installation."""

    acme: Workspace
    globex: Workspace
    ada: Member
    ben: Member
    root: User
    key: Key


@pytest.fixture(scope="session")
def grown_desk(django_db_setup: None, django_db_blocker: Any) -> Iterator[Grown]:
    with django_db_blocker.unblock():
        ours = connection.settings_dict["NAME"]
        connection.close()
        harness.copy_database(ours, f"{ours}_grown")
        with harness.on_the_desks_database("grown"):
            acme = factories.WorkspaceFactory(slug="acme", name="Acme")
            globex = factories.WorkspaceFactory(slug="globex", name="Globex")
            ada, ben = member(acme, "Ada Duarte", Role.OWNER), member(acme, "Ben Kimura", Role.AGENT)
            root = factories.UserFactory(email="root@host.example", is_superuser=True, is_staff=True)
            key = Key(*factories.api_key(acme))
            # The other one first: in no order are acme's rows at the beginning of a table.
            with without_checks():
                grow(globex, COUNT, user_id=ben.user.pk)
                grow(acme, COUNT, user_id=ben.user.pk)
            settle()
        yield Grown(acme, globex, ada, ben, root, key)
        connection.close()
        with harness.maintenance() as cursor:
            scratch.drop(cursor, f"{ours}_grown")


@pytest.fixture
def grown(grown_desk: Grown, django_db_blocker: Any) -> Iterator[Grown]:
    """The same, while this test asks that database."""
    with django_db_blocker.unblock(), harness.on_the_desks_database("grown"):
        yield grown_desk
