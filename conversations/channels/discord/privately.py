"""Saying something to one member alone: as a direct message, or in a private thread that only they and the bot's server's staff see."""

from __future__ import annotations

import logging

from conversations.channels.discord import payloads
from conversations.channels.discord.api import Api, Failure
from conversations.channels.discord.payloads import Thread, Unreadable
from conversations.models import DiscordBot, DiscordMember

logger = logging.getLogger(__name__)

PRIVATE_THREAD = 12
KEPT_MINUTES = 10_080  # a week without a message, after which Discord archives a thread


def direct(api: Api, user_id: int, text: str, nonce: str) -> None:
    """Send a direct message. Raises Failure."""
    channel = api.ask("POST", "/users/@me/channels", body={"recipient_id": str(user_id)})
    channel_id = channel.get("id") if isinstance(channel, dict) else None
    say(api, payloads.snowflake(channel_id), text, nonce)


def in_private_thread(api: Api, bot: DiscordBot, member: DiscordMember, name: str, text: str, nonce: str) -> bool:
    """Send a message in a new private thread with a member. Returns whether that was possible."""
    try:
        thread = open_thread(api, bot, member, name)
        if thread is None:
            return False
        say(api, thread.id, text, nonce)
    except (Failure, Unreadable) as error:
        logger.info("discord_no_private_thread error=%s", error)
        return False
    return True


def open_thread(api: Api, bot: DiscordBot, member: DiscordMember, name: str) -> Thread | None:
    """Open a private thread with a member; None where the bot has no text channel for it. Raises Failure or Unreadable."""
    if bot.private_channel is None:
        return None
    body = {
        "name": name[:100] or "Private",
        "type": PRIVATE_THREAD,
        "invitable": False,
        "auto_archive_duration": KEPT_MINUTES,
    }
    thread = payloads.thread(api.ask("POST", f"/channels/{int(bot.private_channel['id'])}/threads", body=body))
    api.ask("PUT", f"/channels/{thread.id}/thread-members/{member.discord_id}")
    return thread


def say(api: Api, channel_id: int, text: str, nonce: str) -> None:
    """Write in a channel, once for a nonce, pinging nobody. Raises Failure."""
    body = {"content": text, "allowed_mentions": {"parse": []}, "nonce": nonce, "enforce_nonce": True}
    api.ask("POST", f"/channels/{channel_id}/messages", body=body)
