"""THE place for transactions: one that PostgreSQL gave up in favour of another is repeated, and rows are locked in one order.

The verbs' `@transaction.atomic` is this module's. Where a verb begins the transaction, the verb is what is repeated;
where a door has begun it (a request of a wire format, a form of admin), the door repeats the whole request.

An error of a verb undoes the verb. Inside another verb, and inside a door's `whole`, it undoes all of that, so that no
savepoint is taken; who catches such an error and goes on makes the call `apart`.

Code that locks several things takes them in this order, those of one kind by their ids:

1. the Idempotency-Key of the request
2. workspace, membership, invitation, person, team, key; what a person signs in with, and their sessions; widgets and forms
3. the session of a visitor of the chat; who a contact is (`hold_name`), then the contact
4. the assistant's thread
5. conversations; a message or a suggestion is changed under the lock of its conversation
6. the tally of conversations (`Tally`)
7. tickets
8. the tally of tickets (`TicketNumbers`)
9. saved views, articles, macros, drafts; the catalogue of tags, by name
10. jobs on many conversations, and their rows

tests/architecture/test_locks.py keeps the order. Locks are FOR NO KEY UPDATE, so that inserting a row that points at a locked one need not wait. See docs/adr/0012.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, IntegrityError, OperationalError, connection, connections, models
from django.db import transaction as django
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_chain, wait_random

from accounts import tenancy
from accounts.errors import NotFound
from accounts.permissions import Actor, register_sight
from accounts.tenancy import TenantModel

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=models.Model)

PAUSES = (0.02, 0.1, 0.3, 0.8)
"""Seconds before each repetition, give or take a half; after the last one the error is raised."""
_whole: ContextVar[_Whole | None] = ContextVar("whole", default=None)
_GIVEN_UP = frozenset({"40P01", "40001", "55P03"})  # deadlock, serialization failure, lock not available


class _Whole:
    """What is undone whole, and the rows that its actor saw when it began to change them."""

    __slots__ = ("seen",)

    def __init__(self) -> None:
        self.seen: set[tuple[type[models.Model], Any, int | None]] = set()


def atomic(verb: Callable[P, R]) -> Callable[P, R]:
    """Run a function in one transaction, or as part of what is undone whole; repeat it where it began the transaction.

    A verb, which says `by` whom it is done, reaches the rows of the actor's workspace alone, and all of them.
    """

    def alone(*args: P.args, **kwargs: P.kwargs) -> R:
        with whole():
            return verb(*args, **kwargs)

    @wraps(verb)
    def repeated(*args: P.args, **kwargs: P.kwargs) -> R:
        by = kwargs.get("by")
        with tenancy.scope_of(by if isinstance(by, Actor) else None):
            if _whole.get() is None:
                return repeat(partial(alone, *args, **kwargs))
            with django.atomic(savepoint=False):
                return verb(*args, **kwargs)

    return repeated


@contextmanager
def whole() -> Iterator[None]:
    """One transaction, or a savepoint of the one that is open, that an error undoes whole: verbs inside take no savepoints."""
    with django.atomic():
        token = _whole.set(_Whole())
        try:
            yield
        finally:
            _whole.reset(token)


def repeat(call: Callable[[], R]) -> R:
    """Call a function that runs in one transaction, again when PostgreSQL gave that up. Inside a transaction it is called once."""
    if connection.in_atomic_block:
        return call()
    return _repeated(call)


def _is_given_up(error: BaseException) -> bool:
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", None) in _GIVEN_UP


def _log(tried: RetryCallState) -> None:
    error = tried.outcome.exception() if tried.outcome else None
    logger.warning("transaction_repeated sqlstate=%s", getattr(getattr(error, "__cause__", None), "sqlstate", None))


_repeated = Retrying(
    retry=retry_if_exception(_is_given_up),
    wait=wait_chain(*(wait_random(pause * 0.5, pause * 1.5) for pause in PAUSES)),
    stop=stop_after_attempt(len(PAUSES) + 1),
    before_sleep=_log,
    reraise=True,
)


def held(row: M) -> M:
    """The row as it is now, locked until the transaction ends. Raises NotFound when it is gone."""
    model = cast(type[M], row._meta.model)  # `request.user` is a lazy object, whose own class is no model
    manager = model.objects if issubclass(model, TenantModel) else model._base_manager
    found = manager.select_for_update(no_key=True, of=("self",)).filter(pk=row.pk).first()
    if found is None:
        raise NotFound(f"this {row._meta.verbose_name} no longer exists")
    return found


@contextmanager
def apart() -> Iterator[None]:
    """An error inside, which the caller catches, undoes this much alone. Outside a transaction each verb has its own."""
    with whole() if connection.in_atomic_block else nullcontext():
        yield


def sees(actor: Actor, row: Any) -> bool:
    """Whether a member with a limited view sees a row.

    One that they saw when a verb began, they see until it ends: what they assign to somebody else can be tagged as well.
    """
    model = row._meta.concrete_model if isinstance(row, models.Model) else None
    if actor.user_id is None or row.pk is None or model is None or not issubclass(model, TenantModel):
        return True
    viewer = tenancy.Viewer(actor.user_id, actor.visibility)
    if model.visible_to(viewer) is None:
        return True
    inside, key = _whole.get(), (model, row.pk, actor.user_id)
    if inside is not None and key in inside.seen:
        return True
    found = tenancy.seen(model.all_workspaces.filter(workspace=row.workspace_id, pk=row.pk), viewer)  # the row's own
    if not found.exists():
        return False
    if inside is not None:
        inside.seen.add(key)
    return True


register_sight(sees)


def note_held(row: M) -> M:
    """A row that was read with its lock just now: the first verb that it is given to need not read it again."""
    row.__dict__["_held"] = _whole.get()
    return row


def was_just_held(row: models.Model) -> bool:
    """Whether the row is as it was read with its lock, in what is undone whole now; True once for each reading."""
    inside = _whole.get()
    return inside is not None and row.__dict__.pop("_held", None) is inside


def notify_after_commit(channel: str, payload: int) -> None:
    """Send a NOTIFY when the open transaction is committed, once however often it is asked for.

    On the server it is a transaction of its own, in the same message as the COMMIT: inside, one transaction would commit after
    the other in the whole database. A savepoint that is undone does not take it back. Where the process dies in between it
    is lost: those who wait for it look by themselves, too.
    """
    notice = f"NOTIFY {connection.ops.quote_name(channel)}, '{int(payload)}'"
    if connection.in_atomic_block:
        ours: Any = connections[DEFAULT_DB_ALIAS]  # config/server/backend
        ours.with_commit[notice] = None
    else:
        with connection.cursor() as cursor:
            cursor.execute(notice)


def hold_name(workspace_id: int, *names: str) -> None:
    """Hold these names until the transaction ends: no other transaction finds or makes a row by one of them meanwhile.

    For rows that need not exist yet and that no unique constraint guards.
    """
    if not names:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(name, %s)) FROM unnest(%s::text[]) AS name",
            [workspace_id, sorted(names)],
        )


def unless_taken(constraint: str, conflict: Exception, save: Callable[[], R]) -> R:
    """Save a row under a unique constraint, which waits for a transaction that saves the same value.

    Raises the given error when it is taken; the transaction goes on.
    """
    try:
        with django.atomic():
            return save()
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) != constraint:
            raise
        raise conflict from error
