"""What the bell shows, and marking it as read; and when a member was last seen at a page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import cast

from django.db.models import Q, QuerySet

from accounts.compiled import compiled
from accounts.live.responses import LiveContext
from accounts.models import Membership
from accounts.transaction import notify_after_commit
from conversations.models import Notification
from conversations.notifications.writing import CHANNEL
from conversations.queries.paging import Page, keyset

COUNT_CAP = 100
KEPT = timedelta(days=90)
READ_KEPT = timedelta(days=30)
"""For how long after it happened what was read is kept."""
SEEN_EVERY = timedelta(seconds=45)


def notifications(user_id: int) -> QuerySet[Notification]:
    """A member's notifications in the open workspace, with what a line says of each."""
    rows = Notification.objects.filter(user=user_id, is_in_page=True)
    return rows.select_related("conversation__contact", "mailbox", "job", "ticket", "actor")


def page(user_id: int, *, after: str | None = None, limit: int = 50) -> Page[Notification]:
    """One page of them, newest first. Raises Invalid for a cursor that this desk did not make."""
    return keyset(notifications(user_id), by="-at", after=after, limit=limit)


def unread(user_id: int) -> list[tuple[int, int | None]]:
    """The ids of what they have not read, each with its conversation's: the newest, COUNT_CAP at most."""
    return _unread.rows(COUNT_CAP, person=user_id)


@compiled
def _unread(cap: int, *, person: int) -> QuerySet[Notification, tuple[int, int | None]]:
    rows = Notification.objects.filter(user=person, read_at=None, is_in_page=True)
    return rows.order_by("-at", "-pk").values_list("pk", "conversation")[:cap]


def mark(rows: QuerySet[Notification], user_id: int, at: datetime) -> int:
    """Mark a member's notifications among the rows as read, on all of their pages. Returns how many were not."""
    count = rows.filter(user=user_id, read_at=None).update(read_at=at)
    if count:
        notify_after_commit(CHANNEL, user_id)
    return count


def note_seen(membership: Membership, at: datetime) -> None:
    """The member is at a page of the workspace: what they are notified of now needs no mail yet."""
    if membership.seen_at is None or membership.seen_at < at - SEEN_EVERY:
        Membership.objects.filter(pk=membership.pk).update(seen_at=at)


async def signals(context: LiveContext, user_id: int) -> AsyncIterator[str]:
    """An item each time that the member's notifications have changed."""
    is_first = True
    async with aclosing(cast(AsyncGenerator[str, None], context.listen(CHANNEL, str(user_id)))) as heard:
        async for _ in heard:
            if not is_first:
                yield CHANNEL
            is_first = False


def forget(at: datetime) -> int:
    """Delete what is too old, in all workspaces."""
    old = Q(at__lt=at - KEPT) | Q(at__lt=at - READ_KEPT, read_at__lt=at - READ_KEPT)
    deleted, _ = Notification.all_workspaces.filter(old).delete()  # one job for all
    return deleted
