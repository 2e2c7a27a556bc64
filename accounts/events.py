"""THE place for the journal: `record` writes one line, the catalogue names every kind of line, `drain` lets reactions hear.

Reactions are registered by name by the layers above (`conversations/reactions`), so that this module imports none of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import connection, models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts import tenancy
from accounts.models import Dispatch, Event, User
from accounts.permissions import Actor
from accounts.transaction import atomic

logger = logging.getLogger(__name__)

MAX_DEPTH = 8
BATCH = 100
_LOCK = 0x7061726C6579  # "parley": one dispatcher at a time in one database


class Subject(Protocol):
    """A tenant row that an event tells of."""

    pk: Any
    workspace_id: int


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event: a past-tense name, the kind of row it is about, and what it means."""

    name: str
    subject: str
    meaning: str


class UnknownEvent(LookupError):
    """A verb recorded an event that the catalogue does not name, or about the wrong kind of row."""


catalogue: dict[str, EventType] = {}
_reactions: dict[str, list[tuple[str, Callable[[Event], None]]]] = {}
_cause: ContextVar[Event | None] = ContextVar("cause", default=None)


def define(name: str, subject: str, meaning: str) -> EventType:
    """Add a kind of event to the catalogue. Each app does so once, in its own `events` module."""
    kind = EventType(name, subject, meaning)
    if catalogue.setdefault(name, kind) != kind:
        raise ValueError(f"{name} is defined twice")
    return kind


WORKSPACE_CREATED = define("workspace.created", "workspace", "Workspace created.")
WORKSPACE_UPDATED = define("workspace.updated", "workspace", "Workspace settings changed.")
IDENTITY_SECRET_ROTATED = define("workspace.identity_secret_rotated", "workspace", "Identity secret rotated.")
MEMBER_ADDED = define("member.added", "membership", "Member joined.")
MEMBER_ROLE_CHANGED = define("member.role_changed", "membership", "Member role changed.")
MEMBER_REMOVED = define("member.removed", "membership", "Member removed.")
MEMBER_DEACTIVATED = define("member.deactivated", "membership", "Member deactivated.")
MEMBER_REACTIVATED = define("member.reactivated", "membership", "Member reactivated.")
INVITATION_CREATED = define("invitation.created", "invitation", "Invitation created.")
INVITATION_RESENT = define("invitation.resent", "invitation", "Invitation sent again.")
INVITATION_MAILED = define("invitation.mailed", "invitation", "Invitation email sent.")
INVITATION_REVOKED = define("invitation.revoked", "invitation", "Invitation revoked.")
INVITATION_ACCEPTED = define("invitation.accepted", "invitation", "Invitation accepted.")
# People belong to no workspace: these stand in the journal without one.
PERSON_CREATED = define("person.created", "user", "Account created.")
PERSON_RENAMED = define("person.renamed", "user", "Name changed.")
PERSON_DEACTIVATED = define("person.deactivated", "user", "Account deactivated.")
PERSON_REACTIVATED = define("person.reactivated", "user", "Account reactivated.")
PERSON_SUPERUSER_CHANGED = define("person.superuser_changed", "user", "Superuser rights changed.")
PASSWORD_CHANGED = define("person.password_changed", "user", "Password changed.")
PASSWORD_RESET_SENT = define("person.password_reset_sent", "user", "Password reset link sent.")
EMAIL_REQUESTED = define("person.email_requested", "user", "Email verification link sent.")
EMAIL_VERIFIED = define("person.email_verified", "user", "Email address verified.")
EMAIL_CHANGED = define("person.email_changed", "user", "Primary email address changed.")
EMAIL_REMOVED = define("person.email_removed", "user", "Email address removed.")
TEAM_CREATED = define("team.created", "team", "Team created.")
TEAM_UPDATED = define("team.updated", "team", "Team changed.")
API_KEY_CREATED = define("api_key.created", "api_key", "API key created.")
API_KEY_REVOKED = define("api_key.revoked", "api_key", "API key revoked.")


def record(kind: EventType, subject: Subject | User, /, *, by: Actor, at: datetime, **data: Any) -> Event:
    """Write one line of the journal, in the caller's transaction.

    `data` takes ids and non-personal values. Raises UnknownEvent for a kind outside the catalogue, and
    TransactionManagementError outside a transaction: a change and its event are committed together or not at all.
    """
    event = _line(kind, subject, by=by, at=at, data=data)
    event.save()
    return event


def record_each(
    kind: EventType, subjects: Iterable[tuple[Subject, Mapping[str, Any]]], /, *, by: Actor, at: datetime
) -> None:
    """Write one line for each of many rows, with its data, in one statement."""
    Event.objects.bulk_create([_line(kind, subject, by=by, at=at, data=dict(data)) for subject, data in subjects])


def _line(kind: EventType, subject: Subject | User, *, by: Actor, at: datetime, data: dict[str, Any]) -> Event:
    if catalogue.get(kind.name) is not kind:
        raise UnknownEvent(kind.name)
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(f"{kind.name} was recorded outside a transaction")
    cause = _cause.get()
    if isinstance(subject, User):
        workspace_id = None
    else:
        workspace_id = subject.pk if kind.subject == "workspace" else subject.workspace_id
    return Event(
        workspace_id=workspace_id,
        type=kind.name,
        actor_kind=by.kind,
        actor_id=by.id,
        subject_type=kind.subject,
        subject_id=subject.pk,
        data=data,
        caused_by=cause,
        depth=cause.depth + 1 if cause else 0,
        at=at,
    )


def hear(kinds: list[EventType], name: str, reaction: Callable[[Event], None]) -> None:
    """Register an idempotent reaction. It runs after commit, in the worker, inside the scope of the event's workspace if it has one."""
    for kind in kinds:
        heard = _reactions.setdefault(kind.name, [])
        if name not in {other for other, _ in heard}:
            heard.append((name, reaction))


@contextmanager
def caused_by(event: Event) -> Iterator[None]:
    """Verbs called inside are recorded as consequences of the event."""
    token = _cause.set(event)
    try:
        yield
    finally:
        _cause.reset(token)


def drain(batch: int = BATCH) -> int:
    """Let the reactions hear the next due events; returns how many events were taken.

    One dispatcher works at a time (others return 0 at once). Each event is heard in a transaction of its own, so that
    the rows that a reaction locks are free again before the next one locks others. An event whose reaction fails is
    tried again with growing pauses, up to an hour apart; the others go on. At-least-once: reactions are idempotent.
    """
    taken, heard = _take(batch)
    for pk in heard:
        if not _hear_one(pk):
            break
        taken += 1
    return taken


@atomic
def _take(batch: int) -> tuple[int, list[int]]:
    """Those of the next due events that somebody hears; the others are done with, and counted."""
    if not _is_dispatcher():
        return 0, []
    due = Dispatch.objects.filter(due_at__lte=Now()).order_by("due_at", "event")
    kinds = list(due.values_list("pk", "event__type")[:batch])
    heard = [pk for pk, kind in kinds if kind in _reactions]
    quiet = [pk for pk, kind in kinds if kind not in _reactions]
    Dispatch.objects.filter(pk__in=quiet).delete()
    return len(quiet), heard


@atomic
def _hear_one(pk: int) -> bool:
    """Hear one event, unless another dispatcher has; False where another is at work."""
    if not _is_dispatcher():
        return False
    dispatch = Dispatch.objects.select_related("event__workspace").filter(pk=pk).first()
    if dispatch is None:
        return True
    error = _hear(dispatch.event)
    if error is None:
        Dispatch.objects.filter(pk=pk).delete()
        return True
    pause = timedelta(seconds=min(3600, 2 ** min(dispatch.attempts + 1, 12)))
    Dispatch.objects.filter(pk=pk).update(
        attempts=models.F("attempts") + 1, due_at=timezone.now() + pause, last_error=error[:300]
    )
    return True


def _is_dispatcher() -> bool:
    """Whether this transaction, and no other, lets reactions hear."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _hear(event: Event) -> str | None:
    """Run an event's reactions, each in its own savepoint; the first failure's description, or None."""
    if event.depth > MAX_DEPTH:
        logger.warning("event_too_deep id=%s type=%s", event.pk, event.type)
        return None
    failure: str | None = None
    for name, reaction in _reactions.get(event.type, []):
        try:
            scope = tenancy.scope(event.workspace) if event.workspace else nullcontext()
            with transaction.atomic(), scope, caused_by(event):
                reaction(event)
        except Exception as error:  # a broken reaction must not stop the journal
            logger.exception("reaction_failed name=%s event=%s", name, event.pk)
            failure = failure or f"{name}: {type(error).__name__}"
    return failure
