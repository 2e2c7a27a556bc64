"""The worker's part of the outbox: replies that are due leave, and those on their way are handed to their channels.

A delivery belongs to one worker at a time, for as long as its lease. After a crash the channel is asked whether it was taken.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

from django.db.models import QuerySet

from accounts import clock, log_context, tenancy
from accounts.compiled import compiled_anywhere
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions, channels
from conversations.assistant import actions as assistant_actions
from conversations.channels import leases
from conversations.channels.results import NotSent, Result, Sent
from conversations.models import Delivery, DeliveryState

logger = logging.getLogger(__name__)

ATTEMPTS = 8  # within about six hours: after 4 s, 16 s, 64 s, and so on
BEGIN_WITHIN = 30.0  # seconds in which the next of a batch may be begun
GIVEN_UP = "It could not be sent after several attempts."
BROKEN = NotSent("error", "Something went wrong while sending.", is_permanent=False, is_uncertain=True)
NO_CHANNEL = NotSent("no_channel", "This channel cannot send replies.", is_permanent=True)


def leave_due() -> None:
    """Let all scheduled replies leave that are due. Several workers may do so at a time: each takes others."""
    while rows := leases.taken(DeliveryState.SCHEDULED, seconds=leases.TO_LEAVE):
        for workspace, theirs in _by_workspace(rows):
            for delivery in theirs:
                with _about(delivery, workspace):
                    _leave(delivery)
        if len(rows) < leases.BATCH:
            break


def _leave(delivery: Delivery) -> None:
    by, at = Actor.system(delivery.workspace_id), clock.now()
    try:
        assistant_actions.leave(delivery=delivery, by=by, at=at)
    except Exception:
        logger.exception("reply_not_left delivery=%s", delivery.pk)
        if delivery.attempts >= ATTEMPTS:
            actions.mark_failed(delivery=delivery, code="error", reason=BROKEN.reason, by=by, at=at)


def deliver_due() -> None:
    """Hand over all replies that are due on their way. Several workers may do so at a time, as above."""
    while rows := leases.taken(DeliveryState.SENDING, seconds=leases.LEASE):
        end = time.monotonic() + BEGIN_WITHIN
        for workspace, group in _by_server(rows):
            with tenancy.scope_apart(workspace, "deliveries_failed workspace=%s", workspace.pk):
                if time.monotonic() > end:
                    leases.put_back(group)
                else:
                    _deliver(_not_taken(group), end)
        if len(rows) < leases.BATCH:
            break


def _by_server(rows: Sequence[Delivery]) -> Iterator[tuple[Workspace, Sequence[Delivery]]]:
    """What goes by the same mailbox together; first what has failed least, so that a server that is away delays the others least."""
    groups = [
        (workspace, list(group))
        for workspace, theirs in _by_workspace(rows)
        for _, group in groupby(sorted(theirs, key=_server), key=_server)
    ]
    return iter(sorted(groups, key=lambda found: max(row.attempts for row in found[1])))


def _server(delivery: Delivery) -> tuple[str, int]:
    return delivery.channel, delivery.mailbox_id or 0


def _not_taken(rows: Iterable[Delivery]) -> list[Delivery]:
    """Those that are to be sent: one that was handed over before may have been taken, which its channel may know."""
    left = []
    for delivery in rows:
        if delivery.handed_at is not None and channels.named(delivery.channel).was_taken(delivery):
            _settle(delivery, Sent(delivery.channel_message_id))
        else:
            left.append(delivery)
    return left


def _deliver(rows: Sequence[Delivery], end: float) -> None:
    """Hand these to their channel, until there is no more time, or it cannot be reached."""
    left = {row.pk: row for row in rows}
    try:
        for delivery, result in _results(rows):
            left.pop(delivery.pk, None)
            with log_context.about({"delivery": delivery.pk}):
                _settle(delivery, result)
            waiting = [row for row in left.values() if row.handed_at is None]
            if isinstance(result, NotSent) and result.concerns_all:
                for row in waiting:
                    _settle(row, result)
                return
            if time.monotonic() > end:
                leases.put_back(waiting)
                return
    except Exception:
        logger.exception("channel_failed name=%s deliveries=%s", rows[0].channel, len(left))
        if len(left) > 1:  # one of them is the cause: the others are not to wait for it
            for row in left.values():
                _deliver([row], end)
            return
        for row in left.values():
            _settle(row, BROKEN)


def _results(rows: Sequence[Delivery]) -> Iterable[tuple[Delivery, Result]]:
    if not rows:
        return ()
    deliver = channels.named(rows[0].channel).deliver
    return deliver(rows) if deliver is not None else ((row, NO_CHANNEL) for row in rows)


def _settle(delivery: Delivery, result: Result) -> None:
    """Note what became of a delivery."""
    by, at = Actor.system(delivery.workspace_id), clock.now()
    if isinstance(result, Sent):
        actions.mark_sent(delivery=delivery, channel_message_id=result.channel_message_id, by=by, at=at)
    elif result.is_permanent or delivery.attempts >= ATTEMPTS:
        logger.warning("delivery_failed channel=%s code=%s", delivery.channel, result.code)
        reason = result.reason if result.is_permanent else f"{GIVEN_UP} {result.reason}"
        actions.mark_failed(delivery=delivery, code=result.code, reason=reason, by=by, at=at)
    else:
        logger.info("delivery_delayed channel=%s code=%s", delivery.channel, result.code)
        leases.later(
            delivery,
            seconds=max(4**delivery.attempts, math.ceil(result.after)),
            code=result.code,
            reason=result.reason,
            is_uncertain=result.is_uncertain,
        )


def _by_workspace(rows: Sequence[Delivery]) -> Iterator[tuple[Workspace, Sequence[Delivery]]]:
    workspaces = {one.pk: one for one in _workspaces.rows(ids=[row.workspace_id for row in rows])}
    ordered = sorted(rows, key=lambda row: (row.workspace_id, row.pk))
    for pk, theirs in groupby(ordered, key=lambda row: row.workspace_id):
        yield workspaces[pk], list(theirs)


@compiled_anywhere
def _workspaces(*, ids: list[int]) -> QuerySet[Workspace]:
    return Workspace.objects.filter(pk__any_of=ids).order_by("pk")


@contextmanager
def _about(delivery: Delivery, workspace: Workspace) -> Iterator[None]:
    with (
        log_context.about({"delivery": delivery.pk}),
        tenancy.scope_apart(workspace, "delivery_failed id=%s", delivery.pk),
    ):
        yield
