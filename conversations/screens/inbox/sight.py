"""Which events of a stream its reader may see: all streams of a web process share what is read of a row."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from accounts.live.hub import Hub
from accounts.live.responses import LiveContext, LiveEvent
from accounts.models import Membership
from accounts.tenancy import Viewer
from conversations.queries import sight as queries

KEPT = 1000
"""Rows of which is kept whose they are."""
FRESH_FOR = 5.0
"""Seconds for which that is taken to be true of a row of which no event has come, for signals that are in no journal."""
CHANGES = frozenset({"membership", "team"})
"""Subjects of events that may change what a member sees."""


@dataclass(slots=True)
class _Read:
    event_id: int
    at: float
    owners: asyncio.Future[queries.Owners]


_read: WeakKeyDictionary[Hub, OrderedDict[tuple[int, str, int], _Read]] = WeakKeyDictionary()


class Watcher:
    """What the reader of one stream sees. One who sees everything costs nothing."""

    def __init__(self, context: LiveContext, membership: Membership) -> None:
        self._context, self._workspace_id, self._user_id = context, membership.workspace_id, membership.user_id
        viewer: Viewer | None = membership.viewer
        self._sight = queries.Sight(None) if viewer is None else None

    async def has_changed(self, event: LiveEvent) -> bool:
        """Whether the reader sees other rows since the event: then the page has to fetch everything again."""
        if event.subject_type not in CHANGES:
            return False
        before = await self._seen()
        self._sight = await self._present()
        return self._sight != before

    async def shows(self, event: LiveEvent) -> bool:
        """Whether the reader may be sent the event: of a row that they see, or of one that was taken from them by it."""
        if event.subject_type not in queries.LIMITED:
            return True
        sight = await self._seen()
        if sight.viewer is None:
            return True
        owners = await self._owners(event.subject_type, event.subject_id, event.id, event.type)
        return sight.sees(owners) or sight.saw(owners)

    async def shows_conversation(self, pk: int) -> bool:
        """Whether the reader sees a conversation of which a signal has come."""
        sight = await self._seen()
        return sight.viewer is None or sight.sees(await self._owners("conversation", pk))

    async def _seen(self) -> queries.Sight:
        if self._sight is None:
            self._sight = await self._present()
        return self._sight

    async def _present(self) -> queries.Sight:
        found = await self._context.run(queries.sight_of, self._workspace_id, self._user_id)
        return found if found is not None else queries.Sight(Viewer(self._user_id, "teams"))

    async def _owners(self, subject: str, pk: int, event_id: int = 0, event_type: str = "") -> queries.Owners:
        known = _read.setdefault(self._context.hub, OrderedDict())
        key, now = (self._workspace_id, subject, pk), time.monotonic()
        found = known.get(key)
        is_known = found is not None and (event_id == found.event_id if event_id else now - found.at < FRESH_FOR)
        if found is None or not is_known or found.owners.cancelled():
            reading = asyncio.ensure_future(
                self._context.run(queries.owners, self._workspace_id, subject, pk, event_id, event_type)
            )
            found = known[key] = _Read(event_id, now, reading)
            known.move_to_end(key)
            if len(known) > KEPT:
                known.popitem(last=False)
        try:
            return await asyncio.shield(found.owners)
        except Exception:
            known.pop(key, None)
            raise
