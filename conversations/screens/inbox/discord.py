"""What the details show of a conversation on Discord: its thread, and whether the customer is known to be who they are."""

from __future__ import annotations

from typing import Any

from conversations.channels.discord import finding
from conversations.models import Channel, Conversation, DiscordBot
from conversations.queries import mailboxes


def facts(conversation: Conversation) -> dict[str, Any]:
    """The context; nothing for other channels, and for conversations that an API caller began."""
    thread = finding.thread_of(conversation) if conversation.channel == Channel.DISCORD else None
    if thread is None:
        return {}
    bot = DiscordBot.objects.first()
    member = finding.member_of(conversation)
    return {
        "discord": {
            "thread": thread,
            "member": member,
            "url": f"https://discord.com/channels/{bot.guild_id}/{thread.discord_id}"
            if bot and not bot.api_url
            else "",
            "may_identify": bot is not None
            and member is not None
            and member.linked_at is None
            and mailboxes.can_send(),
            "may_go_private": bool(bot and bot.private_channel and member and not thread.is_private),
        }
    }
