"""Dispatching the journal to its reactions, after commit and in the worker. Higher layers register them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from datetime import timedelta
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.models import Case, ExpressionWrapper, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from accounts import log_context, tenancy
from accounts.compiled import compiled_anywhere
from accounts.journal.batched import Batched, Reaction
from accounts.journal.catalogue import EventType
from accounts.journal.record import caused_by
from accounts.models import Dispatch, Event
from accounts.transaction import atomic, whole

logger = logging.getLogger(__name__)

Condition = models.Q | models.Exists

MAX_DEPTH = 8
BATCH = 100
_LOCK = 0x7061726C6579  # "parley": one dispatcher at a time in one database
_reactions: dict[str, list[tuple[str, Reaction]]] = {}
_conditions: dict[Reaction, Callable[[], Condition]] = {}


def subscribe(kinds: list[EventType], name: str, reaction: Reaction) -> None:
    """Register an idempotent reaction. It runs after commit, in the worker, inside the scope of the event's workspace if it has one.

    Raises ValueError for a name that another reaction to the event has: by it, the journal knows what has run.
    """
    for kind in kinds:
        subscribed = _reactions.setdefault(kind.name, [])
        if dict(subscribed).get(name, reaction) is not reaction:
            raise ValueError(f"two reactions to {kind.name} are named {name}")
        if (name, reaction) not in subscribed:
            subscribed.append((name, reaction))


def concerns(condition: Callable[[], Condition]) -> Callable[[Reaction], Reaction]:
    """Say which events concern a reaction, as a condition on the row of `Dispatch`: for the others it need not run.

    PostgreSQL asks it of all events of a batch at once. It is asked when the batch is taken,
    before any reaction of it has run, so that it may not depend on what a reaction does; and it cannot fail.
    """

    def note(reaction: Reaction) -> Reaction:
        _conditions[reaction] = condition
        return reaction

    return note


def drain(batch: int = BATCH) -> int:
    """Dispatch the next due events to their reactions; returns how many events were taken.

    One dispatcher works at a time (others return 0 at once). Events that concern no reaction are done with together, and so
    are those that concern batched reactions alone. Each other event has a transaction of its own, so that the rows that a
    reaction locks are free again before the next one locks others. A reaction that fails is run again with growing pauses, up
    to an hour apart; what the others did stands, and they are not run again.
    """
    taken, wanted = _take(batch)
    for pk, names in wanted:
        if not _dispatch_one(pk, names):
            break
        taken += 1
    return taken


@atomic
def _take(batch: int) -> tuple[int, list[tuple[int, list[str]]]]:
    """The next due events with the reactions that they still concern, after the number of those that concern none.

    Batched reactions have run by then, but for those that failed.
    """
    if not _is_dispatcher():
        return 0, []
    wanted: dict[int, dict[str, Reaction]] = {}
    for pk, kind, heard, *answers in _due(batch):
        concerned = dict(zip(_conditions, answers, strict=True))
        wanted[pk] = {
            name: reaction
            for name, reaction in _reactions.get(kind, [])
            if concerned.get(reaction, True) and name not in heard
        }
    done = _run_batched(wanted)
    left = {pk: [name for name in reactions if pk not in done.get(name, ())] for pk, reactions in wanted.items()}
    over = [pk for pk, names in left.items() if not names]
    with connection.cursor() as cursor:
        for name, events in done.items():
            if heard := [pk for pk in events if left[pk]]:
                cursor.execute(
                    "UPDATE accounts_dispatch SET heard = heard || %s::varchar WHERE event_id = ANY(%s)", [name, heard]
                )
        if over:
            cursor.execute("DELETE FROM accounts_dispatch WHERE event_id = ANY(%s)", [over])
    return len(over), [(pk, names) for pk, names in left.items() if names]


def _run_batched(wanted: Mapping[int, Mapping[str, Reaction]]) -> dict[str, set[int]]:
    """Run the batched reactions of these events, those of a workspace together: which events each is done with."""
    ids = [pk for pk, reactions in wanted.items() if any(isinstance(one, Batched) for one in reactions.values())]
    groups: dict[tuple[str, Batched, int | None], list[Event]] = {}
    for event in _events.rows(ids=ids) if ids else ():
        if event.depth > MAX_DEPTH:
            continue
        for name, reaction in wanted[event.pk].items():
            if isinstance(reaction, Batched):
                groups.setdefault((name, reaction, event.workspace_id), []).append(event)
    done: dict[str, set[int]] = {}
    for (name, reaction, _), events in groups.items():
        workspace = events[0].workspace
        try:
            with whole(), tenancy.scope(workspace) if workspace else nullcontext():
                reaction.together(events)
        except Exception:  # one of the events is the cause: each is tried alone
            logger.warning("batch_failed name=%s events=%s", name, len(events), exc_info=True)
        else:
            done.setdefault(name, set()).update(event.pk for event in events)
    return done


@compiled_anywhere
def _events(*, ids: list[int]) -> models.QuerySet[Event]:
    return Event.objects.select_related("workspace").filter(pk__any_of=ids).order_by("pk")


def _due(batch: int) -> list[tuple[Any, ...]]:
    """Due events: id, type, which reactions have run, and whether the event concerns each of the reactions that have a condition."""
    kinds = tuple(
        (one, tuple(kind for kind, of in _reactions.items() if one in dict(of).values())) for one in _conditions
    )
    sql, values = _asked(kinds, batch)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


@cache
def _asked(reactions: tuple[tuple[Reaction, tuple[str, ...]], ...], batch: int) -> tuple[str, tuple[Any, ...]]:
    """The statement of `_due`, which is the same every time."""
    answers: dict[str, Any] = {}
    for number, (reaction, kinds) in enumerate(reactions):
        asked = When(event__type__in=kinds, then=ExpressionWrapper(_conditions[reaction](), models.BooleanField()))
        answers[f"concerns_{number}"] = Case(asked, default=Value(False)) if kinds else Value(False)
    due = Dispatch.objects.filter(due_at__lte=Now()).order_by("due_at", "event").annotate(**answers)
    return due.values_list("pk", "event__type", "heard", *answers)[:batch].query.sql_with_params()


@atomic
def _dispatch_one(pk: int, names: Collection[str]) -> bool:
    """Run the named reactions of one event, unless another dispatcher has; False where another is at work."""
    if not _is_dispatcher():
        return False
    dispatch = Dispatch.objects.select_related("event__workspace").filter(pk=pk).first()
    if dispatch is None:
        return True
    others = [name for name, _ in _reactions.get(dispatch.event.type, []) if name not in names]
    error, done = _run_reactions(dispatch.event, dict.fromkeys([*dispatch.heard, *others]))
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
            with log_context.about({"event": event.pk}), whole(), scope, caused_by(event):
                reaction(event)
            done.append(name)
        except Exception as error:  # a broken reaction must not stop the journal
            logger.exception("reaction_failed name=%s event=%s", name, event.pk)
            failure = failure or f"{name}: {type(error).__name__}"
    return failure, done
