"""Taking replies to Discord: into the thread of their conversation, under the agent's name, without pinging anybody.

Each message carries a nonce of its own, by which Discord takes it once, and each one that was taken is noted at once: a reply that
was interrupted goes on where it stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from accounts import clock, sealed
from accounts.permissions import Actor
from conversations.channels import leases
from conversations.channels.discord import actions, finding, payloads, writing
from conversations.channels.discord.api import UNKNOWN_CHANNEL, Api, Failure, RateLimited, Upload
from conversations.channels.discord.payloads import Unreadable
from conversations.channels.results import NotSent, Result, Sent
from conversations.models import (
    Attachment,
    BotState,
    Channel,
    Conversation,
    Delivery,
    DiscordBot,
    DiscordMessage,
    DiscordThread,
    Message,
    SenderKind,
)

logger = logging.getLogger(__name__)

MOST_PIECES = 10
LOOKED_BACK = 100  # messages of a thread among which a reply is looked for
AWAY = "connection"
"""The code of what Discord did not take because it was away: it is sent again as soon as it is back."""
NOBODY: dict[str, list[str]] = {"parse": []}
"""Whom a message may ping."""
NO_BOT = NotSent("no_bot", "No Discord bot is connected: see Settings, Discord.", True)
NO_THREAD = NotSent("no_thread", "The thread was deleted on Discord.", True)
UNREADABLE = NotSent("token", "The bot's token cannot be decrypted: enter it again in Settings, Discord.", True)
TOO_LONG = NotSent(
    "too_long", f"Discord takes {writing.MOST} characters a message: this is more than {MOST_PIECES} of them.", True
)
NO_FILE = NotSent("no_file", "A file of this reply cannot be read.", False)


@dataclass(slots=True)
class _Plan:
    """A reply as the messages that it becomes, and which of them there are: their ids by their numbers."""

    delivery: Delivery
    message: Message
    bot: DiscordBot
    thread: DiscordThread
    api: Api
    pieces: list[str]
    files: list[Upload]
    posted: dict[int, int] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return len(self.posted) == len(self.pieces)

    @property
    def first_id(self) -> str:
        return str(self.posted.get(0, ""))

    def nonce(self, part: int) -> str:
        """At most 25 characters, the same in each attempt."""
        return f"{self.delivery.public_id.hex[:21]}.{part}"


def takes(conversation: Conversation) -> bool:
    """Whether replies go to a thread: those of conversations that an API caller began are fetched by that caller's own bot."""
    return conversation.channel == Channel.DISCORD and finding.thread_of(conversation) is not None


def deliver(deliveries: Sequence[Delivery]) -> Iterator[tuple[Delivery, Result]]:
    """Post replies of one workspace, one after the other."""
    for delivery in deliveries:
        plan = _plan(delivery)
        if isinstance(plan, NotSent):
            yield delivery, plan
            continue
        if delivery.handed_at is not None:
            _look_up(plan)
        for part in range(len(plan.pieces)):
            if part in plan.posted:
                continue
            if not leases.handed(delivery):
                break  # it is another worker's by now
            failure = _post(plan, part)
            if failure is not None:
                yield delivery, failure
                break
        else:
            yield delivery, Sent(plan.first_id)


def was_taken(delivery: Delivery) -> bool | None:
    """Whether all messages of a reply are in its thread; None where that cannot be seen, or some are not."""
    plan = _plan(delivery)
    if isinstance(plan, NotSent):
        return None
    _look_up(plan)
    if not plan.is_complete:
        return None
    delivery.channel_message_id = plan.first_id
    return True


def _plan(delivery: Delivery) -> _Plan | NotSent:
    bot, message = DiscordBot.objects.first(), delivery.message
    if bot is None:
        return NO_BOT
    if bot.state == BotState.DISCONNECTED:
        return NotSent("disconnected", f"The Discord bot has to be reconnected. {bot.failure}".strip(), True)
    if message is None:
        return NO_THREAD
    conversation = Conversation.objects.get(pk=delivery.conversation_id)
    thread = finding.thread_of(conversation)
    if thread is None:
        return NO_THREAD
    try:
        api = Api.of(bot)
    except sealed.Unreadable:
        return UNREADABLE
    try:
        files = [
            (one.name, one.file.open("rb").read(), one.content_type)
            for one in Attachment.objects.filter(message=message).order_by("pk")
        ]
    except OSError:
        return NO_FILE
    name = message.sender_name or ("Assistant" if message.sender_kind == SenderKind.ASSISTANT else "")
    pieces = writing.pieces(writing.signed(name, message.body or ""))
    if len(pieces) > MOST_PIECES:
        return TOO_LONG
    plan = _Plan(delivery, message, bot, thread, api, pieces, files)
    rows = DiscordMessage.objects.filter(message=message, is_ours=True)
    plan.posted = dict(rows.values_list("part", "discord_id"))
    return plan


def _post(plan: _Plan, part: int) -> NotSent | None:
    """Post one message, and note it. Files go with the first, so that nothing is posted where they are refused."""
    files = plan.files if part == 0 else []
    body: dict[str, Any] = {
        "content": plan.pieces[part],
        "nonce": plan.nonce(part),
        "enforce_nonce": True,
        "allowed_mentions": NOBODY,
    }
    if files:
        body["attachments"] = [{"id": number, "filename": name} for number, (name, _, _) in enumerate(files)]
    try:
        raw = plan.api.ask("POST", f"/channels/{plan.thread.discord_id}/messages", body=body, files=files)
        _note(plan, part, payloads.snowflake(payloads.mapping(raw).get("id")))
        if plan.thread.deleted_at is not None:  # it is not
            by = Actor.system(plan.bot.workspace_id, name="Discord")
            plan.thread = actions.restore_thread(thread=plan.thread, by=by, at=clock.now())
    except RateLimited as limited:
        return NotSent("rate_limited", limited.reason, False, after=limited.after, concerns_all=limited.is_global)
    except Failure as failure:
        return _failed(plan, failure)
    except Unreadable:
        return NotSent("unreadable", "Discord's answer cannot be read.", False, is_uncertain=True)
    return None


def _failed(plan: _Plan, failure: Failure) -> NotSent:
    by, at = Actor.system(plan.bot.workspace_id, name="Discord"), clock.now()
    if failure.status == 401:
        actions.mark_bot_disconnected(bot=plan.bot, reason=failure.reason, by=by, at=at)
    elif failure.status == 404 and failure.code == UNKNOWN_CHANNEL:
        if plan.thread.deleted_at is not None:
            return NO_THREAD
        actions.delete_thread(thread=plan.thread, by=by, at=at)
    code = {401: "token", 403: "forbidden", 404: "no_thread"}.get(failure.status, "discord")
    code = code if failure.is_permanent else AWAY
    is_away = not failure.status and not failure.is_uncertain
    return NotSent(code, failure.reason, failure.is_permanent, failure.is_uncertain, concerns_all=is_away)


def _note(plan: _Plan, part: int, discord_id: int) -> None:
    """Keep the id of a message that was posted, at once and by itself: a worker that dies afterwards does not post it again."""
    plan.posted[part] = discord_id
    DiscordMessage.objects.bulk_create(
        [
            DiscordMessage(
                workspace_id=plan.message.workspace_id,
                discord_id=discord_id,
                thread=plan.thread,
                message=plan.message,
                is_ours=True,
                part=part,
            )
        ],
        ignore_conflicts=True,
    )


def _look_up(plan: _Plan) -> None:
    """Find messages of a reply that were taken without an answer: by their nonce, or by their text where Discord does not tell it."""
    if plan.is_complete:
        return
    with suppress(Failure, Unreadable):
        raw = plan.api.get(f"/channels/{plan.thread.discord_id}/messages", limit=LOOKED_BACK)
        since = plan.delivery.created_at - timedelta(minutes=1)
        noted = {*plan.posted.values()}
        for one in sorted((payloads.post(one) for one in payloads.listed(raw)), key=lambda post: post.id):
            if one.author.id != plan.bot.user_id or one.id in noted:
                continue
            nonce = str(one.raw.get("nonce") or "")
            for part, piece in enumerate(plan.pieces):
                is_it = nonce == plan.nonce(part) if nonce else one.content == piece and one.at >= since
                if part not in plan.posted and is_it:
                    _note(plan, part, one.id)
                    break
