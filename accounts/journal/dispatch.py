"""Dispatching the journal to its reactions, after commit and in the worker. Higher layers register them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from contextlib import nullcontext
from datetime import timedelta

from django.db import connection, models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts import tenancy
from accounts.journal.catalogue import EventType
from accounts.journal.record import caused_by
from accounts.models import Dispatch, Event
from accounts.transaction import atomic

logger = logging.getLogger(__name__)

MAX_DEPTH = 8
BATCH = 100
_LOCK = 0x7061726C6579  # "parley": one dispatcher at a time in one database
_reactions: dict[str, list[tuple[str, Callable[[Event], None]]]] = {}


def subscribe(kinds: list[EventType], name: str, reaction: Callable[[Event], None]) -> None:
    """Register an idempotent reaction. It runs after commit, in the worker, inside the scope of the event's workspace if it has one.

    Raises ValueError for a name that another reaction to the event has: by it, the journal knows what has run.
    """
    for kind in kinds:
        subscribed = _reactions.setdefault(kind.name, [])
        if dict(subscribed).get(name, reaction) is not reaction:
            raise ValueError(f"two reactions to {kind.name} are named {name}")
        if (name, reaction) not in subscribed:
            subscribed.append((name, reaction))


def drain(batch: int = BATCH) -> int:
    """Dispatch the next due events to their reactions; returns how many events were taken.

    One dispatcher works at a time (others return 0 at once). Each event has a transaction of its own, so that
    the rows that a reaction locks are free again before the next one locks others. A reaction that fails is run again
    with growing pauses, up to an hour apart; what the others did stands, and they are not run again.
    """
    taken, wanted = _take(batch)
    for pk in wanted:
        if not _dispatch_one(pk):
            break
        taken += 1
    return taken


@atomic
def _take(batch: int) -> tuple[int, list[int]]:
    """The next due events that have reactions, after the number of those without, which are done with."""
    if not _is_dispatcher():
        return 0, []
    due = Dispatch.objects.filter(due_at__lte=Now()).order_by("due_at", "event")
    kinds = list(due.values_list("pk", "event__type")[:batch])
    wanted = [pk for pk, kind in kinds if kind in _reactions]
    ignored = [pk for pk, kind in kinds if kind not in _reactions]
    Dispatch.objects.filter(pk__in=ignored).delete()
    return len(ignored), wanted


@atomic
def _dispatch_one(pk: int) -> bool:
    """Run the reactions of one event, unless another dispatcher has; False where another is at work."""
    if not _is_dispatcher():
        return False
    dispatch = Dispatch.objects.select_related("event__workspace").filter(pk=pk).first()
    if dispatch is None:
        return True
    error, done = _run_reactions(dispatch.event, dispatch.heard)
    if error is None:
        Dispatch.objects.filter(pk=pk).delete()
        return True
    pause = timedelta(seconds=min(3600, 2 ** min(dispatch.attempts + 1, 12)))
    Dispatch.objects.filter(pk=pk).update(
        attempts=models.F("attempts") + 1, due_at=timezone.now() + pause, last_error=error[:300], heard=done
    )
    return True


def _is_dispatcher() -> bool:
    """Whether this transaction, and no other, may run reactions."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _run_reactions(event: Event, before: Collection[str]) -> tuple[str | None, list[str]]:
    """Run an event's reactions but for those before, each in its own savepoint: the first failure, and all that are done."""
    if event.depth > MAX_DEPTH:
        logger.warning("event_too_deep id=%s type=%s", event.pk, event.type)
        return None, []
    failure: str | None = None
    done = [*before]
    for name, reaction in _reactions.get(event.type, []):
        if name in done:
            continue
        try:
            scope = tenancy.scope(event.workspace) if event.workspace else nullcontext()
            with transaction.atomic(), scope, caused_by(event):
                reaction(event)
            done.append(name)
        except Exception as error:  # a broken reaction must not stop the journal
            logger.exception("reaction_failed name=%s event=%s", name, event.pk)
            failure = failure or f"{name}: {type(error).__name__}"
    return failure, done
