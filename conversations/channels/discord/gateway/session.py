"""One connection: what the gateway sends, put in order."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from accounts import clock
from conversations.channels.discord import payloads
from conversations.channels.discord.gateway.threads import Threads
from conversations.channels.discord.payloads import Post, Raw, Thread, Unreadable
from conversations.channels.discord.receiving import Desk
from conversations.models import DiscordBot

logger = logging.getLogger(__name__)

STARTER_WITHIN = 5.0  # seconds after which the first message of a post is fetched, if it has not come
LOST = "The connection to Discord is lost. It is being made again."
NOT_A_MEMBER = "The bot is not a member of its Discord server any more. Invite it again."


class Session(Threads):
    """What came by one connection. `lost_at` is since when messages may have been missed."""

    def __init__(self, bot: DiscordBot, desk: Desk, lost_at: datetime | None) -> None:
        super().__init__(bot, desk)
        self.lost_at = lost_at
        self.last_event_at: datetime | None = None

    def lost(self) -> None:
        """Note that from now on messages may be missed."""
        self.lost_at = self.lost_at or clock.now()

    def feed(self, name: str, data: Raw) -> None:
        """Take an event; what it means is worked off behind what came before it in its thread."""
        self.last_event_at = clock.now()
        try:
            self._take(name, data)
        except Unreadable as error:
            logger.warning("discord_unreadable event=%s reason=%s", name, error)

    def _take(self, name: str, data: Raw) -> None:
        if name in ("DISCONNECTED", "READY"):
            self.caught_up.clear()
        match name:
            case "DISCONNECTED":
                self.lost()
                self.chain(0, lambda: self.on_desk(self.desk.failed, LOST))
            case "READY":
                self._check_membership(data)
            case "RESUMED":
                self.chain(0, lambda: self._ready(()))
            case "GUILD_CREATE" if payloads.optional(data.get("id")) == self.bot.guild_id:
                self._learn(data)
            case "GUILD_DELETE" if payloads.optional(data.get("id")) == self.bot.guild_id and not data.get(
                "unavailable"
            ):
                self.chain(0, lambda: self.on_desk(self.desk.failed, NOT_A_MEMBER))
            case "CHANNEL_CREATE" | "CHANNEL_UPDATE":
                self.note_channel(data)
                if self.is_ours(payloads.optional(data.get("id"))):
                    self.chain(0, lambda: self.on_desk(self.desk.learn, "", [data]))
            case "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE":
                self.note_role(data.get("role"))
            case "THREAD_CREATE" | "THREAD_UPDATE":
                self._thread(data, is_new=name == "THREAD_CREATE")
            case "THREAD_LIST_SYNC":
                for thread in self.threads(data.get("threads")):
                    self.chain(thread.id, lambda thread=thread: self.catch_up(thread))  # type: ignore[misc]
            case "THREAD_DELETE":
                thread_id = payloads.snowflake(data.get("id"))
                self.chain(thread_id, lambda: self._gone(thread_id))
            case "MESSAGE_CREATE":
                self._message(payloads.post(data))
            case "MESSAGE_UPDATE" if "content" in data and data.get("edited_timestamp"):
                self._edited(data)
            case "MESSAGE_DELETE":
                self._deleted(data, [data.get("id")])
            case "MESSAGE_DELETE_BULK":
                self._deleted(data, payloads.listed(data.get("ids")))

    def _check_membership(self, data: Raw) -> None:
        guilds = [
            payloads.optional(one.get("id")) for one in payloads.listed(data.get("guilds")) if isinstance(one, Mapping)
        ]
        if self.bot.guild_id not in guilds:
            self.chain(0, lambda: self.on_desk(self.desk.failed, NOT_A_MEMBER))

    def _learn(self, guild: Raw) -> None:
        channels = [one for one in payloads.listed(guild.get("channels")) if isinstance(one, Mapping)]
        for channel in channels:
            self.note_channel(channel)
        for role in payloads.listed(guild.get("roles")):
            self.note_role(role)
        threads = list(self.threads(guild.get("threads")))
        name = payloads.text(guild.get("name"))
        self.chain(0, lambda: self.on_desk(self.desk.learn, name, channels))
        self.chain(0, lambda: self._ready(threads))

    async def _ready(self, threads: Iterable[Thread]) -> None:
        """The connection stands: fetch what was written while it did not."""
        since = self.lost_at or self.bot.seen_at
        await self.on_desk(self.desk.connected)
        found = {thread.id: thread for thread in threads}
        active = await self.client.ask("/guilds/{guild_id}/threads/active", guild_id=self.bot.guild_id)
        if isinstance(active, Mapping):
            found |= {thread.id: thread for thread in self.threads(active.get("threads"))}
        for channel_id in sorted(self.bot.channel_ids):
            for thread in await self.archived(channel_id, since):
                found.setdefault(thread.id, thread)
        for thread in sorted(found.values(), key=lambda one: one.id):
            self.chain(thread.id, lambda thread=thread: self.catch_up(thread))  # type: ignore[misc]
        self.lost_at = None
        for known in await self.on_desk(self.desk.recent_threads):
            if self.is_ours(known.parent_id):
                self.parents.setdefault(known.id, known.parent_id)
                self.chain(known.id, lambda known=known: self.compare(known))  # type: ignore[misc]

    def _thread(self, data: Raw, *, is_new: bool) -> None:
        thread = payloads.thread(data)
        self.parents[thread.id] = thread.parent_id
        self.note_channel(data)
        if not self.is_ours(thread.parent_id):
            self.waiting.pop(thread.id, None)
            return
        if is_new and thread.id not in self.caught_up:
            nothing_before = bool(data.get("newly_created"))
            self.chain(thread.id, lambda: self._begun(thread, nothing_before))
        else:
            self.chain(thread.id, lambda: self._seen(thread))

    async def _gone(self, thread_id: int) -> None:
        self.caught_up.discard(thread_id)
        await self.on_desk(self.desk.delete, thread_id)

    async def _seen(self, thread: Thread) -> None:
        await self.on_desk(self.desk.see, thread)
        await self.keep_waiting(thread.id)

    async def _begun(self, thread: Thread, nothing_before: bool) -> None:
        """A new thread. Its first message comes by itself, or hangs in the channel."""
        known = await self.on_desk(self.desk.see, thread)
        await self.starter(known)
        if nothing_before:
            self.caught_up.add(thread.id)
        await self.keep_waiting(thread.id)
        self.after(STARTER_WITHIN, lambda: self.chain(thread.id, lambda: self.fetch_if_empty(thread.id)))

    def _message(self, post: Post) -> None:
        if post.channel_id in self.channels and post.channel_id not in self.parents:
            return  # a channel, which has no conversation of its own
        parent = self.parents.get(post.channel_id)
        if parent is not None and not self.is_ours(parent):
            return
        self.chain(post.channel_id, lambda: self.written(post))

    def _edited(self, data: Raw) -> None:
        # What is left out of an update has not changed; nobody else can edit a message than who wrote it.
        post = payloads.post({"type": 0, "author": {"id": "1"}, **data})
        if not post.author.is_program and self.may_be_here(post.channel_id):
            key = post.id if self.is_ours(post.channel_id) else post.channel_id
            self.chain(key, lambda: self.on_desk(self.desk.edit, post, self.name))

    def _deleted(self, data: Raw, ids: Iterable[object]) -> None:
        channel_id = payloads.snowflake(data.get("channel_id"))
        found = [id_ for one in ids if (id_ := payloads.optional(one)) is not None]
        if found and self.may_be_here(channel_id):
            key = found[0] if self.is_ours(channel_id) else channel_id
            self.chain(key, lambda: self.on_desk(self.desk.withdraw, found))
