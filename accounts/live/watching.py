"""Following one row through its changes, for a stream of any door, and waiting for one outcome.

All streams of a web process that follow rows of one kind share one listener and one look every few seconds: an open
stream in which nothing happens costs no query.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast
from weakref import WeakKeyDictionary

from django.db import InterfaceError, OperationalError

from accounts import log_context
from accounts.live.hub import Hub
from accounts.live.responses import LiveContext
from accounts.text import whole_number

logger = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_EVERY = 3.0  # seconds; a fallback for notifications that were lost
LOOK_AGAIN = 1.0  # seconds; while the database is away


@dataclass(frozen=True, slots=True)
class Changes(Generic[T]):
    """What a look at a row has found: the number of the newest change, what the changes show, and whether more can follow."""

    newest: int
    found: T
    is_over: bool


@dataclass(frozen=True, slots=True)
class Source(Generic[T]):
    """Rows of one kind that can be followed. Both functions are called in a request thread, outside every scope."""

    channel: str
    """Where changes are announced: `NOTIFY channel, '<the row's id>'`."""
    pulse: Callable[[Collection[int]], Mapping[int, int]]
    """The number of the newest change of each row that can still change."""
    look: Callable[[int, int], Changes[T]]
    """The changes of a row (its id) after a number."""


@dataclass(eq=False, slots=True)
class _Follower:
    """One stream: the last change it has given, and whether it is to look again."""

    after: int
    is_due: asyncio.Event = field(default_factory=asyncio.Event)


class _Watch:
    """Lets the streams of one process look again: at once, whenever their row is announced, and when the pulse shows a change."""

    def __init__(self, context: LiveContext, source: Source[object]) -> None:
        self._context, self._source = context, source
        self._followers: dict[int, set[_Follower]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @contextmanager
    def following(self, row_id: int, after: int) -> Iterator[_Follower]:
        follower = _Follower(after)
        follower.is_due.set()
        self._followers.setdefault(row_id, set()).add(follower)
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(part, context=log_context.apart()) for part in (self._listen(), self._feel_pulse())
            ]
        try:
            yield follower
        finally:
            others = self._followers[row_id]
            others.discard(follower)
            if not others:
                del self._followers[row_id]
            if not self._followers:
                for task in self._tasks:
                    task.cancel()
                self._tasks = []

    async def _listen(self) -> None:
        async with aclosing(cast(AsyncGenerator[str, None], self._context.listen(self._source.channel))) as keys:
            async for key in keys:
                # An empty item: from here on nothing is missed, so all look again.
                row_id = whole_number(key)
                self._notify(list(self._followers) if row_id is None else [row_id])

    async def _feel_pulse(self) -> None:
        while True:
            try:
                going = await self._context.run(self._source.pulse, list(self._followers))
            except Exception:
                logger.warning("pulse_failed channel=%s", self._source.channel, exc_info=True)
            else:
                self._notify(row_id for row_id in list(self._followers) if self._has_changes(row_id, going))
            await asyncio.sleep(LOOK_EVERY)

    def _has_changes(self, row_id: int, going: Mapping[int, int]) -> bool:
        return row_id not in going or any(going[row_id] > one.after for one in self._followers[row_id])

    def _notify(self, row_ids: Iterable[int]) -> None:
        for row_id in row_ids:
            for follower in self._followers.get(row_id, ()):
                follower.is_due.set()


_watches: WeakKeyDictionary[Hub, dict[str, _Watch]] = WeakKeyDictionary()


def _watch(context: LiveContext, source: Source[T]) -> _Watch:
    """The watch of the web process and the source, which all its streams share."""
    watches = _watches.setdefault(context.hub, {})
    if source.channel not in watches:
        watches[source.channel] = _Watch(context, cast(Source[object], source))
    return watches[source.channel]


async def follow(context: LiveContext, source: Source[T], row_id: int, after: int = 0) -> AsyncIterator[T]:
    """What each look at a row finds after a change's number, until the row is over."""
    with _watch(context, source).following(row_id, after) as follower:
        while True:
            await follower.is_due.wait()
            follower.is_due.clear()
            try:
                changes = await context.run(source.look, row_id, follower.after)
            except (InterfaceError, OperationalError) as error:  # The next look may succeed.
                logger.warning("look_failed channel=%s id=%s error=%s", source.channel, row_id, type(error).__name__)
                continue
            follower.after = max(follower.after, changes.newest)
            yield changes.found
            if changes.is_over:
                return


async def outcome(
    context: LiveContext, channel: str, key: str, look: Callable[[], T | None], patience: float
) -> T | None:
    """What a look finds once it has been announced by `NOTIFY channel, 'key …'`; None when that takes over `patience` seconds."""
    try:
        async with (
            asyncio.timeout(patience),
            aclosing(cast(AsyncGenerator[str, None], context.listen(channel, key))) as announced,
        ):
            async for _ in announced:
                found = await _seen(context, channel, key, look)
                if found is not None:
                    return found
    except TimeoutError:
        pass
    return None


async def _seen(context: LiveContext, channel: str, key: str, look: Callable[[], T | None]) -> T | None:
    """What a look returns, repeated while the database is away."""
    while True:
        try:
            return await context.run(look)
        except (InterfaceError, OperationalError) as error:
            logger.warning("look_failed channel=%s id=%s error=%s", channel, key, type(error).__name__)
            await asyncio.sleep(LOOK_AGAIN)
