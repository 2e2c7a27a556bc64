"""What is sent to visitors at once: that something in a conversation of theirs has changed, and that an agent is writing.

One task of a process follows the journal of a workspace for all of its visitors, and one the signals of writing agents. An event
reaches only the streams of the customer whose conversation it is about; an open stream in which nothing happens costs neither
queries nor time.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Coroutine, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any, cast
from weakref import WeakKeyDictionary

import orjson

from accounts import log_context
from accounts.live.hub import Hub, LiveEvent
from accounts.live.responses import LiveContext, sse
from accounts.text import whole_number
from conversations import events
from conversations.chat import typing
from conversations.models import Channel, Conversation

logger = logging.getLogger(__name__)

MOST_STREAMS = 20
"""Streams that one session may have open in a process: tabs of one browser."""
MOST_REMEMBERED = 5_000
SEEN = frozenset(
    kind.name
    for kind in (
        events.CONVERSATION_STARTED,
        events.MESSAGE_RECEIVED,
        events.MESSAGE_EDITED,
        events.MESSAGE_WITHDRAWN,
        events.REPLY_SENT,
        events.CONVERSATION_STATUS_CHANGED,
        events.CONVERSATION_SUBJECT_CHANGED,
        events.CONVERSATION_CONTACT_CHANGED,
        events.CHAT_SEEN,
        events.SPAM_MARKED,
        events.SPAM_UNMARKED,
        events.SPAM_UNDONE,
        events.MESSAGES_MOVED,
        events.MESSAGES_ARRIVED,
        events.CONVERSATION_SPLIT,
        events.CONVERSATION_JOINED,
        events.MOVE_UNDONE,
        events.ASSISTANT_ASKED,
        events.ASSISTANT_ANSWERED,
        events.ASSISTANT_FAILED,
        events.ASSISTANT_CANCELED,
        events.ASSISTANT_HANDED_OVER,
        events.ASSISTANT_TAKEN_OVER,
        events.ASSISTANT_RESOLVED,
        events.ASSISTANT_PROPOSAL_DECIDED,
    )
)
"""Events that change what a customer sees: none of notes, assignees, tags or tickets."""
READY, RESYNC = sse('{"type":"ready"}'), sse('{"type":"resync"}')


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose conversation it is, and by which id they know it."""

    contact_id: int
    public_id: uuid.UUID
    is_chat: bool


class Listener:
    """One stream: what it has yet to send, each thing once."""

    __slots__ = ("has_pending", "is_verified", "pending", "session_id")

    def __init__(self, session_id: int, is_verified: bool) -> None:
        self.session_id, self.is_verified = session_id, is_verified
        self.pending: dict[bytes, None] = {}
        self.has_pending = asyncio.Event()

    def give(self, piece: bytes) -> None:
        self.pending[piece] = None
        self.has_pending.set()

    def take(self) -> bytes:
        sent = b"".join(self.pending)
        self.pending.clear()
        self.has_pending.clear()
        return sent


class Room:
    """The visitors of one workspace who are connected to this process."""

    def __init__(self, workspace_id: int) -> None:
        self.workspace_id = workspace_id
        self.listeners: dict[int, set[Listener]] = {}
        self.is_ready = False
        self.owners: OrderedDict[int, Owner | None] = OrderedDict()

    def everybody(self) -> Iterator[Listener]:
        for listeners in self.listeners.values():
            yield from listeners

    def give(self, owner: Owner | None, piece: bytes) -> None:
        """To the streams of the customer, if it is a conversation that they see."""
        if owner is None:
            return
        for listener in self.listeners.get(owner.contact_id, ()):
            if owner.is_chat or listener.is_verified:
                listener.give(piece)

    def remember(self, conversation_id: int, owner: Owner | None) -> None:
        self.owners[conversation_id] = owner
        if len(self.owners) > MOST_REMEMBERED:
            self.owners.popitem(last=False)


class Lobby:
    """The visitors who are connected to one process."""

    def __init__(self, context: LiveContext) -> None:
        self._context = context
        self._rooms: dict[int, Room] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    @contextmanager
    def listening(self, workspace_id: int, contact_id: int, listener: Listener) -> Iterator[None]:
        room = self._rooms.get(workspace_id)
        if room is None:
            room = self._rooms[workspace_id] = Room(workspace_id)
            self._tasks[workspace_id] = _started(self._follow(room))
            if len(self._rooms) == 1:
                self._tasks[0] = _started(self._receive_typing())
        room.listeners.setdefault(contact_id, set()).add(listener)
        if room.is_ready:
            listener.give(READY)
        try:
            yield
        finally:
            others = room.listeners[contact_id]
            others.discard(listener)
            if not others:
                del room.listeners[contact_id]
            if not room.listeners:
                del self._rooms[workspace_id]
                self._tasks.pop(workspace_id).cancel()
                if not self._rooms:
                    self._tasks.pop(0).cancel()

    def count(self, workspace_id: int, contact_id: int, session_id: int) -> int:
        room = self._rooms.get(workspace_id)
        listeners = tuple(room.listeners.get(contact_id, ())) if room is not None else ()
        return sum(one.session_id == session_id for one in listeners)

    async def _follow(self, room: Room) -> None:
        async with aclosing(cast(AsyncGenerator[LiveEvent, None], self._context.events(room.workspace_id))) as journal:
            async for event in journal:
                if event.type in ("ready", "resync"):
                    room.owners.clear()
                    room.is_ready = True
                    for listener in room.everybody():
                        listener.give(READY if event.type == "ready" else RESYNC)
                elif event.type in SEEN and event.subject_type == "conversation":
                    await self._spread(room, event)

    async def _spread(self, room: Room, event: LiveEvent) -> None:
        if event.type == events.CONVERSATION_CONTACT_CHANGED.name:
            room.owners.pop(event.subject_id, None)
        if event.subject_id not in room.owners:
            try:
                found = await self._context.run(owners, room.workspace_id, [event.subject_id])
            except Exception:  # the database is away: nobody knows whose it is
                logger.warning("chat_owner_unknown conversation=%s", event.subject_id, exc_info=True)
                for listener in room.everybody():
                    listener.give(RESYNC)
                return
            room.remember(event.subject_id, found.get(event.subject_id))
        owner = room.owners[event.subject_id]
        if owner is not None:
            room.give(owner, _piece(type="changed", conversation=str(owner.public_id)))

    async def _receive_typing(self) -> None:
        async with aclosing(cast(AsyncGenerator[str, None], self._context.listen(typing.AGENT))) as signals:
            async for signal in signals:
                contact, _, rest = signal.partition(" ")
                conversation, _, name = rest.partition(" ")
                contact_id = whole_number(contact)
                if contact_id is None:
                    continue
                piece = _piece(type="typing", conversation=conversation, name=name)
                for room in self._rooms.values():
                    for listener in room.listeners.get(contact_id, ()):
                        listener.give(piece)


_lobbies: WeakKeyDictionary[Hub, Lobby] = WeakKeyDictionary()


async def follow(
    context: LiveContext, *, workspace_id: int, contact_id: int, session_id: int, is_verified: bool
) -> AsyncIterator[bytes]:
    """The pieces of a visitor's stream, which begins with `ready`: fetch everything then, and what has changed later."""
    lobby = _lobbies.get(context.hub)
    if lobby is None:
        lobby = _lobbies[context.hub] = Lobby(context)
    listener = Listener(session_id, is_verified)
    with lobby.listening(workspace_id, contact_id, listener):
        while True:
            await listener.has_pending.wait()
            yield listener.take()


def has_many(*, workspace_id: int, contact_id: int, session_id: int) -> bool:
    """Whether a session has as many streams open in this process as it may."""
    open_now = (lobby.count(workspace_id, contact_id, session_id) for lobby in tuple(_lobbies.values()))
    return sum(open_now) >= MOST_STREAMS


def owners(workspace_id: int, ids: Collection[int]) -> dict[int, Owner]:
    """Whose conversations they are."""
    # A stream runs outside every scope; the journal has named the workspace.
    rows = Conversation.all_workspaces.filter(workspace_id=workspace_id, pk__in=ids)
    found = rows.values_list("pk", "contact_id", "public_id", "channel")
    return {pk: Owner(contact_id, public_id, channel == Channel.CHAT) for pk, contact_id, public_id, channel in found}


def _piece(**data: str) -> bytes:
    return sse(orjson.dumps(data).decode())


def _started(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(work, context=log_context.apart())
