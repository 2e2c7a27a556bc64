"""The bot of a workspace: connected, changed, paused, removed, and its token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from accounts import journal, transaction
from accounts.changes import UNSET
from accounts.errors import Conflict, Invalid
from accounts.models import Team, Workspace
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import checking
from conversations.channels.discord import payloads
from conversations.channels.discord.payloads import Thread
from conversations.models import BotState, DiscordBot, DiscordThread

MOST_CHANNELS = 50
Facts = Mapping[str, Any]


@transaction.atomic
def connect_bot(
    *,
    workspace: Workspace,
    token: str,
    user: tuple[int, str],
    guild: tuple[int, str],
    channels: Sequence[Facts],
    private_channel: Facts | None = None,
    api_url: str = "",
    gateway_url: str = "",
    team: Team | None = UNSET,
    threads: Iterable[Thread] = (),
    by: Actor,
    at: datetime,
) -> DiscordBot:
    """Connect the workspace's bot, in place of the one it has. What is given was read from Discord with this token.

    `threads` are those that there are by now: they become conversations when somebody writes in them. Raises Invalid.
    """
    permit(by, "discord.manage")
    bot = DiscordBot.objects.select_for_update(no_key=True, of=("self",)).first()
    is_new = bot is None
    bot = bot or DiscordBot(workspace=workspace, created_at=at)
    if not token.strip():
        raise Invalid("a token is needed", field="token", code="blank")
    bot.token = token.strip()
    bot.user_id, bot.name = user[0], user[1][:100]
    bot.guild_id, bot.guild_name = guild[0], guild[1][:100]
    bot.channels, bot.private_channel = _channels(channels), _private(private_channel)
    bot.api_url, bot.gateway_url = api_url.rstrip("/"), gateway_url
    if team is not UNSET:
        bot.team = checking.team(workspace.pk, team)
    bot.state, bot.failing_since, bot.failure, bot.connected_at, bot.updated_at = BotState.ACTIVE, None, "", None, at
    if is_new:
        taken = Conflict("another bot was connected meanwhile")
        transaction.unless_taken("one_discord_bot_per_workspace", taken, partial(bot.save, force_insert=True))
    else:
        bot.save()
    rows = [
        DiscordThread(
            workspace=workspace, discord_id=one.id, parent_id=one.parent_id, owner_id=one.owner_id, name=one.name,
            tags=[str(tag) for tag in one.tags], is_private=one.is_private, is_archived=one.is_archived,
            is_locked=one.is_locked, last_message_id=one.last_message_id or one.id, created_at=at, active_at=at,
        )
        for one in threads
    ]  # fmt: skip
    DiscordThread.objects.bulk_create(rows, ignore_conflicts=True)
    journal.record(events.DISCORD_CONNECTED, bot, by=by, at=at)
    return bot


@transaction.atomic
def pause_bot(*, bot: DiscordBot, by: Actor, at: datetime) -> DiscordBot:
    """Stop receiving; replies are still sent. What is written meanwhile is fetched afterwards."""
    permit(by, "discord.manage", bot)
    bot = transaction.held(bot)
    if bot.state == BotState.PAUSED:
        return bot
    bot.state, bot.updated_at = BotState.PAUSED, at
    bot.save(update_fields=["state", "updated_at"])
    journal.record(events.DISCORD_PAUSED, bot, by=by, at=at)
    return bot


@transaction.atomic
def resume_bot(*, bot: DiscordBot, by: Actor, at: datetime) -> DiscordBot:
    """Receive again, also after the token was refused."""
    permit(by, "discord.manage", bot)
    bot = transaction.held(bot)
    if bot.state == BotState.ACTIVE:
        return bot
    bot.state, bot.failing_since, bot.failure, bot.updated_at = BotState.ACTIVE, None, "", at
    bot.save(update_fields=["state", "failing_since", "failure", "updated_at"])
    journal.record(events.DISCORD_RESUMED, bot, by=by, at=at)
    return bot


@transaction.atomic
def mark_bot_disconnected(*, bot: DiscordBot, reason: str, by: Actor, at: datetime) -> DiscordBot:
    """Note that Discord refuses the bot for good, until somebody changes something. `reason` is a sentence without secrets."""
    permit(by, "discord.run", bot)
    bot = transaction.held(bot)
    if bot.state != BotState.ACTIVE:
        return bot
    bot.state, bot.failure, bot.connected_at = BotState.DISCONNECTED, reason, None
    bot.failing_since = bot.failing_since or at
    bot.save(update_fields=["state", "failure", "failing_since", "connected_at"])
    journal.record(events.DISCORD_DISCONNECTED, bot, by=by, at=at)
    return bot


@transaction.atomic
def reseal_bot(*, bot: DiscordBot, by: Actor, at: datetime) -> bool:
    """Encrypt the token anew with the present key. Raises `sealed.Unreadable`."""
    permit(by, "discord.manage", bot)
    bot = transaction.held(bot)
    bot.token = bot.token
    bot.save(update_fields=["sealed"])
    journal.record(events.DISCORD_RESEALED, bot, by=by, at=at)
    return True


@transaction.atomic
def remove_bot(*, bot: DiscordBot, by: Actor, at: datetime) -> None:
    """Remove the bot with its token. Conversations stay, and are found again by the threads they came from."""
    permit(by, "discord.manage", bot)
    bot = transaction.held(bot)
    journal.record(events.DISCORD_REMOVED, bot, by=by, at=at)
    bot.delete()


def _channels(given: Sequence[Facts]) -> list[Facts]:
    found = {str(one["id"]): dict(one) for one in given}
    if not found:
        raise Invalid("name at least one channel", field="channels", code="blank")
    if len(found) > MOST_CHANNELS:
        raise Invalid(f"at most {MOST_CHANNELS} channels", field="channels")
    for one in found.values():
        if one["type"] not in payloads.PARENTS:
            raise Invalid(f"#{one['name']} has no threads: name a forum or a text channel", field="channels")
    return list(found.values())


def _private(given: Facts | None) -> Facts | None:
    if given is not None and given["type"] != payloads.TEXT:
        raise Invalid("private threads are opened in a text channel", field="private_channel")
    return dict(given) if given is not None else None
