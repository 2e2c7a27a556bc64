"""One LISTEN connection per process, shared by all who follow a workspace or a channel.

PostgreSQL's NOTIFY says that something happened in a workspace; what happened is in the journal. The hub reads it
once for all followers of that workspace and hands small frozen rows to each. 500 followers cost no thread and no
further connection. Every few seconds it reads without one, for an event whose writer died before it could send it.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from django.conf import settings
from django.db import connections

from accounts import log_context
from accounts.journal import announcing
from accounts.text import whole_number

logger = logging.getLogger(__name__)

EVENTS = announcing.CHANNEL
# Ids commit out of order: an event may become visible after one with a higher id. What lies below the highest id seen
# is therefore read again for as long as the newest 200 rows, and every row younger than 30 s, reach down.
OVERLAP_ROWS = 200
OVERLAP_SECONDS = 30.0
OVERLAP_MAX = 5000  # rows; a flood may not make that window grow without end
REPLAY_LIMIT = 1000  # rows; a page that missed more than that fetches its lists again
QUEUE_LIMIT = 1000  # items that one slow follower may have waiting
COALESCE = 0.01  # seconds; a burst of notifications becomes one read
LOOK_EVERY = announcing.LOOK_EVERY  # seconds; for events that nobody has announced
ANSWER_LIMIT = 30.0  # seconds after which a silent server is given up
PAUSES = (0.1, 10.0)  # seconds between attempts to connect: the first and the longest

Connect = Callable[[], Awaitable["psycopg.AsyncConnection[tuple[Any, ...]]"]]


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """What a page needs to know of an event: which row to fetch again.

    Two types are the hub's own: `ready` (listening has begun; `id` is a place to come back to) and `resync`
    (something may have been missed: fetch everything again). Their subject is empty.
    """

    id: int
    type: str
    subject_type: str = ""
    subject_id: int = 0
    actor: tuple[str, int | None] = ("", None)  # kind and id of who did it


Item = LiveEvent | str


class _Follower:
    """One waiting consumer: of a workspace's events, or of a channel."""

    def __init__(self, key: str | None = None, after: int | None = None) -> None:
        self.key = key
        self.after = after
        self.started = False
        self.items: asyncio.Queue[Item] = asyncio.Queue(QUEUE_LIMIT)

    def give(self, item: Item, instead: Item) -> None:
        """Hand over an item; a follower that is too slow loses all of them and gets `instead`."""
        if self.items.full():
            while not self.items.empty():
                self.items.get_nowait()
            item = instead
        self.items.put_nowait(item)


class _Feed:
    """The journal of one workspace as far as it has been handed out."""

    def __init__(self) -> None:
        self.followers: set[_Follower] = set()
        self.forget()

    def forget(self) -> None:
        self.known = False
        self.floor = 0  # nothing new is expected at or below this id
        self.seen: dict[int, float] = {}  # ids above the floor -> when they were seen (monotonic seconds)

    @property
    def highest(self) -> int:
        return max(self.seen, default=self.floor)

    def begin(self, ids: list[int], now: float) -> None:
        """Start from the newest OVERLAP_ROWS ids, given in descending order."""
        self.known = True
        self.seen = dict.fromkeys(ids, now)
        self.floor = ids[-1] - 1 if len(ids) == OVERLAP_ROWS else 0

    def add(self, ids: list[int], now: float) -> None:
        self.seen.update(dict.fromkeys(ids, now))
        if len(self.seen) <= OVERLAP_ROWS:
            return
        ordered = sorted(self.seen)
        for number in ordered[:-OVERLAP_ROWS]:
            if len(self.seen) <= OVERLAP_MAX and now - self.seen[number] < OVERLAP_SECONDS:
                break
            del self.seen[number]
            self.floor = number


class Hub:
    """Connects when the first follower comes, and again, with growing pauses, whenever the connection is lost.

    It belongs to the event loop on which it is first used.
    """

    def __init__(self, connect: Connect | None = None) -> None:
        self._connect = connect or direct_connection
        self._feeds: dict[int, _Feed] = {}
        self._topics: dict[str, set[_Follower]] = {}
        self._dirty: set[int] = set()
        self._has_work = asyncio.Event()  # input on the connection, or a new follower
        self._task: asyncio.Task[None] | None = None

    async def events(self, workspace_id: int, *, after: int | None = None) -> AsyncIterator[LiveEvent]:
        """Events of a workspace as they are committed, each at most once, in the order in which they became visible.

        With `after` (an event's id), those missed since then come first; some of those shortly before it may come
        again, because ids commit out of order: clients ignore an id they have seen. Without it, the first item is
        `ready`. A `resync` takes the place of events that cannot be sent any more.
        """
        feed = self._feeds.setdefault(workspace_id, _Feed())
        follower = _Follower(after=after)
        feed.followers.add(follower)
        self._ensure_running()
        try:
            while True:
                item = await follower.items.get()
                assert isinstance(item, LiveEvent)
                yield item
        finally:
            feed.followers.discard(follower)
            if not feed.followers and self._feeds.get(workspace_id) is feed:
                del self._feeds[workspace_id]

    async def listen(self, channel: str, key: str | None = None) -> AsyncIterator[str]:
        """Notifications by `NOTIFY channel, 'key rest'`: the rest of each payload that begins with `key` (or any, for None).

        The first item is empty and says that from here on nothing is missed: read the state then, and again at each
        item. After a lost connection there is an empty item again. Raises ValueError for an odd channel name.
        """
        if not re.fullmatch(r"[a-z_]{1,60}", channel):
            raise ValueError(f"{channel!r} is no channel name")
        follower = _Follower(key=key)
        topic = self._topics.setdefault(channel, set())
        topic.add(follower)
        self._ensure_running()
        try:
            while True:
                item = await follower.items.get()
                assert isinstance(item, str)
                yield item
        finally:
            topic.discard(follower)
            if not topic and self._topics.get(channel) is topic:
                del self._topics[channel]

    async def close(self) -> None:
        """Drop the connection. Followers get nothing more; the server ends their streams."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def _ensure_running(self) -> None:
        if self._task is None or self._task.done():
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._run(), name="hub", context=log_context.apart())
        self._has_work.set()

    async def _run(self) -> None:
        pause, longest = PAUSES
        while True:
            try:
                async with await self._connect() as connection:
                    pause = PAUSES[0]
                    await self._serve(connection)
            except (psycopg.Error, OSError) as error:
                logger.warning("live_connection_lost retry_in=%.1fs error=%s", pause, str(error).split("\n")[0])
            except Exception:
                logger.exception("live_hub_failed retry_in=%.1fs", pause)
            for feed in self._feeds.values():
                feed.forget()
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)

    async def _serve(self, connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
        connection.add_notify_handler(lambda notice: self._on_notify(notice.channel, notice.payload))
        listening: set[str] = set()
        await self._listen_to(connection, listening, {EVENTS})
        for topic in self._topics.values():
            for follower in topic:
                follower.started = False
        look_at = time.monotonic() + LOOK_EVERY
        while True:
            self._has_work.clear()
            await self._listen_to(connection, listening, {EVENTS, *self._topics})
            for topic in self._topics.values():
                for follower in topic:
                    if not follower.started:
                        follower.started = True
                        follower.give("", "")
            if time.monotonic() >= look_at:
                async with asyncio.timeout(ANSWER_LIMIT):  # A lost peer is noticed here.
                    await connection.execute("SELECT 1")
                self._dirty.update(self._feeds)
                look_at = time.monotonic() + LOOK_EVERY
            for workspace_id, feed in list(self._feeds.items()):
                if not feed.known:
                    await self._begin(connection, workspace_id, feed)
                elif workspace_id in self._dirty:
                    await self._read(connection, workspace_id, feed)
                for follower in list(feed.followers):
                    if not follower.started:
                        await self._start(connection, workspace_id, feed, follower)
            self._dirty &= self._feeds.keys()
            await self._wait(connection, look_at)

    async def _listen_to(
        self, connection: psycopg.AsyncConnection[tuple[Any, ...]], listening: set[str], wanted: set[str]
    ) -> None:
        for channel in wanted - listening:
            await connection.execute(_statement("LISTEN", channel))
        for channel in listening - wanted:
            await connection.execute(_statement("UNLISTEN", channel))
        listening.clear()
        listening.update(wanted)

    async def _begin(
        self, connection: psycopg.AsyncConnection[tuple[Any, ...]], workspace_id: int, feed: _Feed
    ) -> None:
        """Read the newest ids of the journal; followers from before a lost connection get a `resync`."""
        self._dirty.discard(workspace_id)
        found = await connection.execute(
            "SELECT id FROM accounts_event WHERE workspace_id = %s ORDER BY id DESC LIMIT %s",
            [workspace_id, OVERLAP_ROWS],
        )
        feed.begin([row[0] for row in await found.fetchall()], time.monotonic())
        again = LiveEvent(feed.highest, "resync")
        for follower in feed.followers:
            if follower.started:
                follower.give(again, again)

    async def _read(self, connection: psycopg.AsyncConnection[tuple[Any, ...]], workspace_id: int, feed: _Feed) -> None:
        """Hand what is new in a workspace to all of its followers, with one query."""
        self._dirty.discard(workspace_id)
        found = await connection.execute(
            "SELECT id, type, subject_type, subject_id, actor_kind, actor_id FROM accounts_event"
            " WHERE workspace_id = %s AND id > %s AND id <> ALL(%s) ORDER BY id LIMIT %s",
            [workspace_id, feed.floor, list(feed.seen), REPLAY_LIMIT],
        )
        events = [_event(row) for row in await found.fetchall()]
        feed.add([event.id for event in events], time.monotonic())
        again = LiveEvent(feed.highest, "resync")
        for follower in feed.followers:
            if follower.started:
                for event in events:
                    follower.give(event, again)
        if len(events) == REPLAY_LIMIT:  # There may be more.
            self._dirty.add(workspace_id)
            self._has_work.set()

    async def _start(
        self,
        connection: psycopg.AsyncConnection[tuple[Any, ...]],
        workspace_id: int,
        feed: _Feed,
        follower: _Follower,
    ) -> None:
        """Give a new follower what it missed. It gets what the feed has not read yet together with the others."""
        follower.started = True
        ready, again = LiveEvent(feed.highest, "ready"), LiveEvent(feed.highest, "resync")
        if follower.after is None:
            follower.give(ready, again)
            return
        found = await connection.execute(
            "SELECT id, type, subject_type, subject_id, actor_kind, actor_id FROM accounts_event"
            " WHERE workspace_id = %(workspace)s AND id > %(after)s - %(rows)s AND id <> %(after)s"
            " AND (id > %(after)s OR at > now() - make_interval(secs => %(seconds)s))"
            " AND (id <= %(floor)s OR id = ANY(%(seen)s)) ORDER BY id LIMIT %(limit)s",
            {
                "workspace": workspace_id,
                "after": follower.after,
                "rows": OVERLAP_ROWS,
                "seconds": OVERLAP_SECONDS,
                "floor": feed.floor,
                "seen": list(feed.seen),
                "limit": REPLAY_LIMIT,
            },
        )
        events = [_event(row) for row in await found.fetchall()]
        for event in [again] if len(events) == REPLAY_LIMIT else events:
            follower.give(event, again)

    async def _wait(self, connection: psycopg.AsyncConnection[tuple[Any, ...]], until: float) -> None:
        """Wait until the connection has input or a follower is new, or for that moment (monotonic seconds)."""
        loop = asyncio.get_running_loop()
        self._consume(connection)  # A notification may have come along with the last query's result.
        number = connection.fileno()
        loop.add_reader(number, self._has_work.set)
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                await self._has_work.wait()
        except TimeoutError:
            return
        finally:
            loop.remove_reader(number)
        await asyncio.sleep(COALESCE)
        self._consume(connection)

    def _consume(self, connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
        connection.pgconn.consume_input()
        while (notice := connection.pgconn.notifies()) is not None:
            self._on_notify(notice.relname.decode(), notice.extra.decode())

    def _on_notify(self, channel: str, payload: str) -> None:
        if channel == EVENTS and (workspace_id := whole_number(payload)) is not None:
            self._dirty.add(workspace_id)
            self._has_work.set()
        key, _, rest = payload.partition(" ")
        for follower in self._topics.get(channel, ()):
            if follower.started and follower.key in (None, key):
                follower.give(payload if follower.key is None else rest, "")


async def direct_connection() -> psycopg.AsyncConnection[tuple[Any, ...]]:
    """A connection to the desk's database that no transaction pooler shares with others (LISTEN would not last)."""

    def parameters() -> dict[str, Any]:
        given = connections["default"].get_connection_params()  # This may start the embedded server: off the loop.
        return {name: given[name] for name in given if name not in ("cursor_factory", "context")}

    alive: dict[str, Any] = {
        "connect_timeout": 10,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
    if settings.DIRECT_DATABASE_URL:
        return await psycopg.AsyncConnection.connect(settings.DIRECT_DATABASE_URL, autocommit=True, **alive)
    return await psycopg.AsyncConnection.connect(**(alive | await asyncio.to_thread(parameters)), autocommit=True)


def _statement(verb: LiteralString, channel: str) -> bytes:
    return f'{verb} "{channel}"'.encode()  # `listen` has checked the name.


def _event(row: tuple[Any, ...]) -> LiveEvent:
    number, kind, subject_type, subject_id, *actor = row
    return LiveEvent(number, kind, subject_type, subject_id, (actor[0], actor[1]))
