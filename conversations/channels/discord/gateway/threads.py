"""What the bot knows of the server's threads during one connection: reading them, catching up on them, and keeping their messages."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import aiohttp
import discord

from conversations.channels.discord import payloads, receiving
from conversations.channels.discord.gateway import files
from conversations.channels.discord.gateway.chains import Broken, Chains
from conversations.channels.discord.gateway.connecting import Client, Missing
from conversations.channels.discord.payloads import Post, Raw, Thread, Unreadable
from conversations.channels.discord.receiving import Desk, Known
from conversations.models import DiscordBot

logger = logging.getLogger(__name__)

PAGE, MOST_PAGES = 100, 20  # messages that are fetched of a thread at once, and how often
MOST_WAITING = 1000  # messages whose thread is not known yet
ARCHIVED = 50  # archived threads of a channel that are looked at
OVERLAP = timedelta(minutes=10)
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008


class Threads(Chains):
    """The threads, in the order of their events. `caught_up` are those of which this connection has missed nothing, `missing` those whose
    messages Discord did not give out when they were asked for last."""

    def __init__(self, bot: DiscordBot, desk: Desk) -> None:
        super().__init__()
        self.bot, self.desk = bot, desk
        self.client = Client(bot, self.feed)
        self.caught_up: set[int] = set()
        self.missing: set[int] = set()
        self.parents: dict[int, int] = {}
        self.waiting: dict[int, list[Post]] = {}
        self.channels: dict[int, str] = {}
        self.roles: dict[int, str] = {}

    def feed(self, name: str, data: Raw) -> None:
        """Take an event."""
        raise NotImplementedError

    def note_channel(self, channel: Raw) -> None:
        """Remember the name of a channel."""
        if (id_ := payloads.optional(channel.get("id"))) is not None:
            self.channels[id_] = payloads.text(channel.get("name"))

    def note_role(self, role: object) -> None:
        """Remember the name of a role."""
        if isinstance(role, Mapping) and (id_ := payloads.optional(role.get("id"))) is not None:
            self.roles[id_] = payloads.text(role.get("name"))

    def name(self, kind: str, id_: int) -> str:
        """The name of a channel or a role, or of the bot itself."""
        if kind == "@":
            return self.bot.name if id_ == self.bot.user_id else ""
        return (self.channels if kind == "#" else self.roles).get(id_, "")

    def threads(self, value: object) -> Iterable[Thread]:
        """Threads whose messages are the desk's."""
        for one in payloads.listed(value):
            with suppress(Unreadable):
                thread = payloads.thread(one)
                self.note_channel(one)
                self.parents[thread.id] = thread.parent_id
                if self.is_ours(thread.parent_id):
                    yield thread

    def is_ours(self, parent_id: int | None) -> bool:
        """Whether the threads of a channel are conversations."""
        return parent_id is not None and self.desk.is_ours(parent_id)

    # --- Catching up -------------------------------------------------------------------------------

    async def catch_up(self, thread: Thread) -> None:
        """Follow what a thread is now, and fetch what was written in it since its last message here."""
        before = await self.on_desk(self.desk.known, thread.id)
        known = await self.on_desk(self.desk.see, thread)
        is_quiet = before is not None and thread.last_message_id and thread.last_message_id <= before.cursor
        if not is_quiet:
            await self._fetch(known)
        elif before is not None and before.has_conversation:
            self.caught_up.add(thread.id)

    async def _fetch(self, known: Known) -> None:
        """Take in what a thread has after its last message here; of one that has no conversation yet, all there is."""
        if not known.has_conversation and known.cursor:  # it was there before the bot: what it is about, and its end
            pages = [await self._history(known)]
            if not any(post.is_written and post.id > known.cursor for post in pages[0]):
                return
        else:
            pages, after = [], known.cursor or known.id - 1
            for _ in range(MOST_PAGES):
                page = await self._history(known, after=after)
                pages.append(page)
                if len(page) < PAGE or page[-1].id <= after:
                    break
                after = page[-1].id
        await self.starter(known)
        for post in (post for page in pages for post in page):
            await self._keep(known.id, post)
        if known.id not in self.missing:
            self.caught_up.add(known.id)

    async def starter(self, known: Known) -> None:
        """The message under which a thread of a text channel hangs."""
        channel = self.bot.channel(known.parent_id)
        if known.has_conversation or channel is None or channel["type"] not in (payloads.TEXT, payloads.ANNOUNCEMENT):
            return
        path = "/channels/{channel_id}/messages/{message_id}"
        raw = await self.client.ask(path, channel_id=known.parent_id, message_id=known.id)
        with suppress(Unreadable):
            await self._keep(known.id, payloads.post(raw))

    async def _history(self, known: Known, **query: int) -> list[Post]:
        """Messages of a thread, the oldest first."""
        path = "/channels/{channel_id}/messages"
        raw = await self.client.ask(path, query={"limit": PAGE, **query}, channel_id=known.id)
        (self.missing.add if isinstance(raw, Missing) else self.missing.discard)(known.id)
        if isinstance(raw, Missing) and raw.code == UNKNOWN_CHANNEL:
            await self.on_desk(self.desk.delete, known.id)
        elif isinstance(raw, list) and known.is_deleted:
            await self.on_desk(self.desk.restore, known.id)
        found = []
        for one in payloads.listed(raw):
            with suppress(Unreadable):
                found.append(payloads.post(one))
        return sorted(found, key=lambda post: post.id)

    async def compare(self, known: Known) -> None:
        """Fetch what a thread has that is new, and follow what was edited or deleted of what it had."""
        if known.id not in self.caught_up:
            await self._fetch(known)
        here = await self.on_desk(self.desk.recent_messages, known.id)
        there = {post.id: post for post in await self._history(known)}
        if not there or not here:
            return
        for id_, edited_at in here.items():
            post = there.get(id_)
            if post is not None and post.edited_at is not None and (edited_at is None or post.edited_at > edited_at):
                await self.on_desk(self.desk.edit, post, self.name)
        whole = len(there) < PAGE
        missing = [id_ for id_ in here if id_ not in there and (whole or id_ > min(there)) and id_ != known.id]
        gone = [id_ for id_ in missing if await self._is_gone(known.id, id_)]
        if gone:
            await self.on_desk(self.desk.withdraw, gone)

    async def _is_gone(self, channel_id: int, message_id: int) -> bool:
        """Whether Discord says of a message that there is none."""
        path = "/channels/{channel_id}/messages/{message_id}"
        found = await self.client.ask(path, channel_id=channel_id, message_id=message_id)
        return isinstance(found, Missing) and found.code == UNKNOWN_MESSAGE

    async def archived(self, channel_id: int, since: datetime | None) -> list[Thread]:
        """Threads that were archived since the bot was last seen."""
        if since is None:
            return []
        path = "/channels/{channel_id}/threads/archived/public"
        found = await self.client.ask(path, query={"limit": ARCHIVED}, channel_id=channel_id)
        threads = self.threads(found.get("threads")) if isinstance(found, Mapping) else ()
        return [one for one in threads if one.archived_at is None or one.archived_at > since - OVERLAP]

    # --- Messages ------------------------------------------------------------------------------------

    async def fetch_if_empty(self, thread_id: int) -> None:
        """Fetch the first message of a thread that has not come by itself."""
        known = await self.on_desk(self.desk.known, thread_id)
        if known is not None and not known.has_conversation:
            await self._fetch(known)

    async def keep_waiting(self, thread_id: int) -> None:
        """Keep the messages that came before their thread."""
        for post in sorted(self.waiting.pop(thread_id, []), key=lambda one: one.id):
            await self._keep(thread_id, post)

    async def written(self, post: Post) -> None:
        """Take a message that came by an event; the first in a thread has what came before it fetched."""
        if not post.is_written:
            return None
        if post.channel_id in self.caught_up:
            return await self._keep(post.channel_id, post)
        known = await self.on_desk(self.desk.known, post.channel_id)
        if known is None or known.is_deleted:
            known = await self._find(post)
        if known is None or not self.is_ours(known.parent_id):
            return None
        await self._fetch(known)
        return await self._keep(known.id, post)

    async def _find(self, post: Post) -> Known | None:
        """The thread of a message that came before the thread itself did; until that comes, the message waits."""
        raw = await self.client.ask("/channels/{channel_id}", channel_id=post.channel_id)
        try:
            thread = payloads.thread(raw)
        except Unreadable:
            if isinstance(raw, Missing) and sum(map(len, self.waiting.values())) < MOST_WAITING:
                self.waiting.setdefault(post.channel_id, []).append(post)
            elif isinstance(raw, Mapping):
                self.note_channel(raw)
            return None
        self.parents[thread.id] = thread.parent_id
        if not self.is_ours(thread.parent_id):
            return None
        return await self.on_desk(self.desk.see, thread)

    async def _keep(self, thread_id: int, post: Post) -> None:
        """Take in a message of a person; of others only how far the thread is. What fails by itself is left out alone."""
        try:
            await self._take_in(thread_id, post)
        except (Broken, OSError, aiohttp.ClientError, discord.DiscordException):
            raise
        except Exception:
            logger.exception("discord_message_failed message=%s", post.id)

    async def _take_in(self, thread_id: int, post: Post) -> None:
        if not post.is_written:
            if post.channel_id == thread_id:
                await self.on_desk(self.desk.advance, thread_id, post.id)
        elif receiving.is_link_command(post):
            # One that is fetched is old, and one that is replayed was answered.
            if post.channel_id in self.caught_up and await self.on_desk(self.desk.advance, thread_id, post.id):
                await self.on_desk(self.desk.request_link, thread_id, post.author)
        else:
            await self.on_desk(
                self.desk.take_in, thread_id, post, await files.copied(post, anywhere=bool(self.bot.api_url)), self.name
            )

    def may_be_here(self, channel_id: int) -> bool:
        """Whether messages of a channel can be the desk's: those of its threads, and those that threads hang under."""
        parent = self.parents.get(channel_id)
        return self.is_ours(channel_id) or (
            self.is_ours(parent) if parent is not None else channel_id not in self.channels
        )
