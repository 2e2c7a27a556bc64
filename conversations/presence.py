"""Who has a conversation open and who is writing in it: the other members are notified at once, and none of it is history.

The pages of a member say every EVERY seconds that they are there. A row that none has renewed for GONE_AFTER stands for
nobody, so that a closed lid or a killed browser needs no goodbye. Signals go by NOTIFY, as do those of typing in a chat: one
that nobody listens for is gone, and the next page to open reads the rows.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import orjson
from django.db import connection

from accounts.live.responses import LiveContext
from accounts.models import User
from accounts.tenancy import current
from conversations.chat.typing import shown_name
from conversations.models import Conversation, Draft, Presence

CHANNEL = "presence"
EVERY = 15
"""Seconds between two signs of life of a page."""
GONE_AFTER = timedelta(seconds=28)
"""After its last sign of life a page is gone: less than the 30 seconds after which nobody may be shown any more."""
TYPING_FOR = timedelta(seconds=12)
"""For how long after a sign of typing somebody is shown as writing."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a conversation: viewing it, or writing a reply or a note."""

    user_id: int
    name: str
    state: str
    """One of viewing, reply, note."""


def seen(conversation: Conversation, user: User, *, writes: str = "", at: datetime) -> None:
    """A page of the member has the conversation open; `writes` is the kind of draft that they are typing."""
    row = Presence(
        workspace_id=conversation.workspace_id,
        conversation=conversation,
        user=user,
        writes=writes,
        typed_at=at if writes else None,
        seen_at=at,
    )
    # A page that only shows the conversation does not end what another page of the same person says of their typing.
    fields = ["seen_at", "writes", "typed_at"] if writes else ["seen_at"]
    Presence.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["workspace", "conversation", "user"], update_fields=fields
    )
    Presence.objects.filter(user=user, seen_at__lt=at - GONE_AFTER).delete()
    _signal(conversation, user, state=writes or "viewing")


def left(conversation: Conversation, user: User) -> None:
    """The member has closed the conversation. Another page of theirs that has it open says so again."""
    Presence.objects.filter(conversation=conversation, user=user).delete()
    _signal(conversation, user, state="gone")


def stopped_writing(conversation: Conversation, user: User) -> None:
    """What the member was typing is sent, or they have turned away from it."""
    Presence.objects.filter(conversation=conversation, user=user).update(writes="", typed_at=None)
    _signal(conversation, user, state="viewing", still=True)


def draft_changed(conversation: Conversation, user: User, kind: str, *, version: int, tab: str = "") -> None:
    """A draft has another version; 0 where it is gone."""
    _signal(conversation, user, draft=kind, version=version, tab=tab)


def people(ids: Sequence[int], *, at: datetime) -> dict[int, list[Person]]:
    """Who is in each of these conversations."""
    rows = Presence.objects.filter(conversation__in=ids, seen_at__gt=at - GONE_AFTER).select_related("user")
    found: dict[int, list[Person]] = {}
    for row in rows.order_by("conversation", "seen_at", "pk"):
        is_typing = row.writes and row.typed_at is not None and row.typed_at > at - TYPING_FOR
        person = Person(row.user_id, _name(row.user), row.writes if is_typing else "viewing")
        found.setdefault(row.conversation_id, []).append(person)
    return found


def drafts(ids: Sequence[int]) -> dict[int, list[tuple[int, str, str]]]:
    """Of each of these conversations, whose drafts there are: the person's id and name, and the kind."""
    rows = Draft.objects.filter(conversation__in=ids, discarded_at=None)
    found: dict[int, list[tuple[int, str, str]]] = {}
    for row in rows.select_related("user").defer("body", "along").order_by("conversation", "pk"):
        found.setdefault(row.conversation_id or 0, []).append((row.user_id, _name(row.user), row.kind))
    return found


async def signals(context: LiveContext, workspace_id: int) -> AsyncIterator[Mapping[str, Any]]:
    """What the members of a workspace signal, as it comes: `id` is the conversation's row."""
    async with aclosing(cast(AsyncGenerator[str, None], context.listen(CHANNEL, str(workspace_id)))) as payloads:
        async for text in payloads:
            if text:
                yield orjson.loads(text)


def _signal(conversation: Conversation, user: User, **facts: Any) -> None:
    about = {"id": conversation.pk, "user": user.pk, "name": _name(user), **facts}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, f"{current().pk} {orjson.dumps(about).decode()}"])


def _name(user: User) -> str:
    return shown_name(user.name or user.email)
