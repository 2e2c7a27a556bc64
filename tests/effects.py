"""What a verb does: the events that it records, and whether any row is other than before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import models, transaction

from accounts import journal
from accounts.errors import DomainError, Forbidden, NotFound
from accounts.models import Event
from accounts.permissions import Actor, ActorKind, Role, scopes
from conversations.models import (
    Attachment,
    Contact,
    Conversation,
    Delivery,
    DeliveryFile,
    EntryPoint,
    Message,
    SavedView,
    SavedViewFavorite,
    Tally,
)
from tickets.models import Tag, Ticket, TicketNumbers

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
_TENANTS = (
    Contact, Conversation, Message, Attachment, Delivery, DeliveryFile, EntryPoint, Tally, SavedView, SavedViewFavorite, Tag, Ticket, TicketNumbers,
)  # fmt: skip


def minutes(count: float) -> datetime:
    """So many minutes after `MORNING`."""
    return MORNING + timedelta(minutes=count)


def recorded(call: Callable[[], object]) -> list[tuple[str, dict[str, Any]]]:
    """The type and the data of each event that a call records, in order."""
    with journal.recorded() as events:
        call()
    return [(event.type, event.data) for event in events]


def types(call: Callable[[], object]) -> list[str]:
    """The types of the events that a call records, in order."""
    return [name for name, _ in recorded(call)]


@contextmanager
def nothing_changes() -> Iterator[None]:
    """No row of the desk changes inside, and nothing is recorded."""
    before = _rows()
    yield
    assert _rows() == before


@contextmanager
def refused(error: type[DomainError], *, field: str | None = None, code: str | None = None) -> Iterator[None]:
    """What is inside raises the error, with its field and code where they are given, and changes and records nothing."""
    with nothing_changes():
        with pytest.raises(error) as caught:
            yield
        if field is not None:
            assert caught.value.field == field
        if code is not None:
            assert caught.value.code == code


def _rows() -> dict[str, list[dict[str, Any]]]:
    managers: list[models.Manager[Any]] = [*(model.all_workspaces for model in _TENANTS), Event.objects]
    return {rows.model.__name__: list(rows.order_by("pk").values()) for rows in managers}


MEMBERS = ("owner", "admin", "agent")
DESK = ("assistant", "system")


def actors(member: Actor, key: Actor, contact: Contact) -> dict[str, Actor]:
    """Everyone who may meet a verb: members by role, keys by their one scope, the customer, the assistant and the desk."""
    scoped = {str(scope): replace(key, scopes=frozenset({str(scope)})) for scope in scopes()}
    workspace_id = member.workspace_id
    return {
        **{str(role): replace(member, role=role) for role in Role},
        **scoped,
        "contact": Actor(kind=ActorKind.CONTACT, workspace_id=workspace_id, id=contact.pk),
        "assistant": Actor(kind=ActorKind.ASSISTANT, workspace_id=workspace_id, name="Assistant"),
        "system": Actor.system(workspace_id),
    }


def who_may(call: Callable[[Actor], object], everyone: dict[str, Actor]) -> set[str]:
    """The names of those whom a verb lets through; what it did is undone after each, and the others change nothing."""
    through = set()
    for name, actor in everyone.items():
        try:
            with transaction.atomic():
                call(actor)
                transaction.set_rollback(True)
        except Forbidden:
            continue
        through.add(name)
    return through


def is_missing_for(call: Callable[[Actor], object], stranger: Actor) -> None:
    """A verb answers a member of another workspace as if the row did not exist, and changes nothing."""
    with nothing_changes(), pytest.raises(NotFound):
        call(stranger)
