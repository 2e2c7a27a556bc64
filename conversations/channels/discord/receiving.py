"""What the running bot tells the desk, and asks it: each call is one short piece of work in the scope of its workspace.

Called in threads of the process that runs the bots; nothing here waits for Discord.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connections
from django.db.models import F, QuerySet

from accounts import clock, tenancy
from accounts.errors import DomainError
from accounts.permissions import Actor
from conversations.actions.files import MAX_FILES
from conversations.channels.discord import actions, delivery, payloads, reading, tags
from conversations.channels.discord.payloads import Author, Post, Raw, Thread
from conversations.channels.discord.reading import Names
from conversations.models import Channel, Delivery, DeliveryState, DiscordBot, DiscordMessage, DiscordThread

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
COMPARED = 50
"""Messages of a thread that are compared with what is there after the connection was lost."""
COMPARED_THREADS = 30
COMPARED_DAYS = timedelta(days=3)
LEFT_OUT = "*(The file "
"""How the line begins that names a file that was not copied."""
LINK_COMMANDS = {"!link", "/link"}
"""What a member writes to get a link by which they prove who they are."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A file of a message; without content where it was not copied, for a reason."""

    name: str
    content: bytes | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the desk knows of a thread."""

    id: int
    parent_id: int
    cursor: int
    has_conversation: bool
    is_deleted: bool


def in_scope(method: Callable[Concatenate[Desk, P], R]) -> Callable[Concatenate[Desk, P], R]:
    """Run a method in the workspace's scope; a connection that failed is not used again."""

    @wraps(method)
    def scoped(self: Desk, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with tenancy.scope(self.bot.workspace):
                return method(self, *args, **kwargs)
        except Exception:
            connections.close_all()
            raise

    return scoped  # type: ignore[return-value]  # it is called as a method


class Desk:
    """The desk as one bot sees it."""

    def __init__(self, bot: DiscordBot) -> None:
        self.bot = bot
        self.by = Actor.system(bot.workspace_id, name="Discord")

    def is_ours(self, parent_id: int) -> bool:
        """Whether the threads of a channel are conversations."""
        return parent_id in self.bot.channel_ids

    @in_scope
    def known(self, thread_id: int) -> Known | None:
        """A thread that was seen before."""
        row = DiscordThread.objects.filter(discord_id=thread_id).first()
        return _known(row) if row is not None else None

    @in_scope
    def see(self, thread: Thread) -> Known:
        """A thread, as new or with what has changed of it."""
        row = actions.see_thread(workspace=self.bot.workspace, thread=thread, by=self.by, at=clock.now())
        row = self._restored(row)
        names = tags.names(self.bot, thread.parent_id)
        row = actions.change_thread(thread=row, now=thread, names=names, by=self.by, at=clock.now())
        return _known(row)

    @in_scope
    def restore(self, thread_id: int) -> None:
        """Follow that a thread is there that was marked as deleted."""
        if (row := DiscordThread.objects.filter(discord_id=thread_id).first()) is not None:
            self._restored(row)

    def _restored(self, row: DiscordThread) -> DiscordThread:
        if row.deleted_at is None:
            return row
        return actions.restore_thread(thread=row, by=self.by, at=clock.now())

    @in_scope
    def take_in(self, thread_id: int, post: Post, copied: Sequence[Copied], names: Names) -> None:
        """Keep a message that a person wrote. What cannot be kept is logged and left out."""
        thread = DiscordThread.objects.filter(discord_id=thread_id).first()
        if thread is None or DiscordMessage.objects.filter(discord_id=post.id).exists():
            return
        if post.channel_id == thread_id:
            thread = self._restored(thread)
        member = actions.meet_member(workspace=self.bot.workspace, author=post.author, by=self.by, at=clock.now())
        body, uploads = _content(post, copied, names)
        known = tags.names(self.bot, thread.parent_id)
        try:
            actions.take_in(
                thread=thread,
                post=post,
                member=member,
                body=body,
                uploads=uploads,
                names=[known[one] for one in thread.tags if one in known],
                team=self.bot.team,
                by=self.by,
                at=clock.now(),
            )
        except DomainError as error:
            logger.warning("discord_message_refused message=%s code=%s", post.id, error.code)

    @in_scope
    def advance(self, thread_id: int, message_id: int) -> bool:
        """Note that what is up to a message need not be fetched again. Returns whether that is new."""
        rows = DiscordThread.objects.filter(discord_id=thread_id, last_message_id__lt=message_id)
        return rows.update(last_message_id=message_id) == 1

    @in_scope
    def edit(self, post: Post, names: Names) -> None:
        """Follow an edit of a message that is here."""
        row = (
            DiscordMessage.objects.select_related("thread", "message").filter(discord_id=post.id, is_ours=False).first()
        )
        if row is None or post.edited_at is None:
            return
        try:
            kept = [one for one in (row.message.body or "").split("\n\n") if one.startswith(LEFT_OUT)]
            body = "\n\n".join([reading.readable(post, names), *kept])
            actions.edit(thread=row.thread, post=post, body=body, by=self.by, at=clock.now())
        except DomainError as error:
            logger.warning("discord_edit_refused message=%s code=%s", post.id, error.code)

    @in_scope
    def withdraw(self, message_ids: Sequence[int]) -> None:
        """Follow that messages were deleted."""
        rows = DiscordMessage.objects.select_related("thread").filter(
            discord_id__in=list(message_ids), is_ours=False, deleted_at=None
        )
        by_thread: dict[int, tuple[DiscordThread, list[int]]] = {}
        for row in rows.order_by("pk"):
            by_thread.setdefault(row.thread_id, (row.thread, []))[1].append(row.discord_id)
        for thread, ids in by_thread.values():
            actions.withdraw(thread=thread, discord_ids=ids, by=self.by, at=clock.now())

    @in_scope
    def delete(self, thread_id: int) -> None:
        """Follow that a thread was deleted."""
        row = DiscordThread.objects.filter(discord_id=thread_id).first()
        if row is not None:
            actions.delete_thread(thread=row, by=self.by, at=clock.now())

    @in_scope
    def recent_threads(self) -> list[Known]:
        """Threads in which somebody wrote of late; those marked as deleted come last, for they may be there again."""
        since = clock.now() - COMPARED_DAYS
        rows = DiscordThread.objects.filter(active_at__gt=since, conversation__isnull=False)
        rows = rows.order_by(F("deleted_at").desc(nulls_first=True), "-active_at", "-id")
        return [_known(row) for row in rows[:COMPARED_THREADS]]

    @in_scope
    def recent_messages(self, thread_id: int) -> dict[int, datetime | None]:
        """What people wrote in a thread of late, by its id: when it was edited last."""
        rows = DiscordMessage.objects.filter(thread__discord_id=thread_id, is_ours=False, deleted_at=None)
        rows = rows.filter(thread__workspace=self.bot.workspace_id).order_by("-discord_id")[:COMPARED]
        return dict(rows.values_list("discord_id", "edited_at"))

    @in_scope
    def request_link(self, thread_id: int, author: Author) -> None:
        """A member asks for a link by which they prove who they are."""
        thread = DiscordThread.objects.filter(discord_id=thread_id).first()
        member = actions.meet_member(workspace=self.bot.workspace, author=author, by=self.by, at=clock.now())
        actions.request_link(member=member, thread=thread, by=self.by, at=clock.now())

    @in_scope
    def learn(self, guild_name: str, channels: Sequence[Raw]) -> None:
        """Keep the names of the server, its channels and their tags as they are now."""
        known = {payloads.snowflake(one.get("id")): one for one in channels if payloads.optional(one.get("id"))}
        now = [payloads.channel(known[int(one["id"])]) if int(one["id"]) in known else one for one in self.bot.channels]
        if now != self.bot.channels or (guild_name and guild_name != self.bot.guild_name):
            self.bot.channels, self.bot.guild_name = now, guild_name[:100] or self.bot.guild_name
            rows = DiscordBot.objects.filter(pk=self.bot.pk, updated_at=self.bot.updated_at)
            rows.update(channels=now, guild_name=self.bot.guild_name)  # as it is there: nobody has changed a setting

    @in_scope
    def connected(self) -> None:
        """The bot is connected: what could not be sent meanwhile is due."""
        at = clock.now()
        self._rows().update(connected_at=at, seen_at=at, failing_since=None, failure="")
        waiting = Delivery.objects.filter(channel=Channel.DISCORD, state=DeliveryState.SENDING, code=delivery.AWAY)
        waiting.filter(due_at__gt=at).update(due_at=at)

    @in_scope
    def failed(self, reason: str) -> None:
        """The bot is not connected at present."""
        rows = self._rows()
        rows.update(connected_at=None, failure=reason)
        rows.filter(failing_since=None).update(failing_since=clock.now())

    @in_scope
    def refused(self, reason: str) -> None:
        """Only a person can get the bot connected again."""
        bot = DiscordBot.objects.filter(pk=self.bot.pk, updated_at=self.bot.updated_at).first()
        if bot is not None:
            actions.mark_bot_disconnected(bot=bot, reason=reason, by=self.by, at=clock.now())

    def _rows(self) -> QuerySet[DiscordBot]:
        return DiscordBot.objects.filter(pk=self.bot.pk)


def is_link_command(post: Post) -> bool:
    """Whether a message is no message, but the wish for a link."""
    return post.content.strip().lower() in LINK_COMMANDS and not post.files


def _known(row: DiscordThread) -> Known:
    return Known(
        row.discord_id, row.parent_id, row.last_message_id, row.conversation_id is not None, row.deleted_at is not None
    )


def _content(post: Post, copied: Sequence[Copied], names: Names) -> tuple[str, list[ContentFile[bytes]]]:
    """The text and the files of a message; what was not copied is named in the text."""
    uploads: list[ContentFile[bytes]] = []
    left_out: list[str] = []
    for one in copied:
        reason = one.reason
        if one.content is not None and len(uploads) == MAX_FILES:
            reason = f"a message has at most {MAX_FILES} files"
        elif one.content is not None and len(one.content) > settings.UPLOAD_LIMIT:
            reason = too_large()
        if one.content and not reason:
            uploads.append(ContentFile(one.content, name=one.name))
        else:
            left_out.append(f"{LEFT_OUT}{one.name} was not copied: {reason or 'it is empty'}.)*")
    text = reading.readable(post, names)
    if text == reading.EMPTY and left_out:
        text = ""
    return "\n\n".join(part for part in (text, *left_out) if part), uploads


def too_large() -> str:
    """Why a file is not copied."""
    return f"it is larger than {settings.UPLOAD_LIMIT // 2**20} MB"
