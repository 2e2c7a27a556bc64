"""How bots fare: whether they are connected, the last event, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext

from accounts import sealed
from conversations.models import BotState, DiscordBot

PATIENCE = timedelta(minutes=5)
"""How long a bot may be without a connection before somebody should look at it."""


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of one bot. `trouble` is a sentence, empty where nothing is wrong."""

    bot: DiscordBot
    trouble: str
    seconds_since_seen: int | None

    @property
    def state(self) -> str:
        """In one word: active, paused, disconnected, or failing."""
        return "failing" if self.trouble and self.bot.state == BotState.ACTIVE else str(self.bot.state)

    @property
    def is_connected(self) -> bool:
        return self.bot.state == BotState.ACTIVE and self.bot.connected_at is not None

    @property
    def problem(self) -> str:
        """What is wrong, also where it may still go by itself."""
        return self.trouble or self.bot.failure


def of_workspace(at: datetime) -> Health | None:
    """The bot of the open workspace, if there is one."""
    bot = DiscordBot.objects.select_related("workspace", "team").first()
    return _of(bot, at) if bot is not None else None


def of_installation(at: datetime) -> list[Health]:
    """All bots of all workspaces, for the operator."""
    return [_of(bot, at) for bot in DiscordBot.all_workspaces.select_related("workspace").order_by("pk")]


def trouble(bot: DiscordBot, at: datetime) -> str:
    """Why messages may be missed, as a sentence without secrets; empty where nothing is wrong."""
    if bot.state == BotState.DISCONNECTED:
        return f"{gettext('It has to be reconnected.')} {bot.failure}".strip()
    if bot.state != BotState.ACTIVE:
        return ""
    try:
        _ = bot.token
    except sealed.Unreadable:
        return gettext("Its token cannot be decrypted, because the key is another one: enter it again.")
    if bot.failing_since and at - bot.failing_since > PATIENCE:
        text = gettext("It has had no connection for %(minutes)s minutes.") % {
            "minutes": _minutes(at - bot.failing_since)
        }
        return f"{text} {bot.failure}".strip()
    since = at - max(bot.seen_at or bot.updated_at, bot.updated_at)
    if since > PATIENCE:
        return gettext("No worker has run it for %(minutes)s minutes.") % {"minutes": _minutes(since)}
    return ""


def _of(bot: DiscordBot, at: datetime) -> Health:
    since = max(0, int((at - bot.seen_at).total_seconds())) if bot.seen_at else None
    return Health(bot, trouble(bot, at), since)


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
