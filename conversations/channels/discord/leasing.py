"""Which process runs which bot: a lease of each, so that no two do. Each of these is one short statement or two."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db.models import Q

from accounts import clock
from conversations.models import BotState, DiscordBot

LEASE = timedelta(seconds=20)


def reserve(holder: str) -> bool:
    """Whether there is a bot for this holder to run: those that nobody runs are its own until its process has begun."""
    at = clock.now()
    free = Q(leased_by=holder) | Q(leased_until=None) | Q(leased_until__lt=at)
    rows = DiscordBot.all_workspaces.filter(free, state=BotState.ACTIVE)  # a worker serves all workspaces
    return rows.update(leased_by=holder, leased_until=at + LEASE) > 0


def take(holder: str, heard: Mapping[int, datetime]) -> list[DiscordBot]:
    """The bots that this holder runs from now on, for as long as the lease; as they were before.

    `heard` says when the last event of each came.
    """
    at = clock.now()
    free = Q(leased_by=holder) | Q(leased_until=None) | Q(leased_until__lt=at)
    rows = DiscordBot.all_workspaces.filter(free, state=BotState.ACTIVE)  # a worker serves all workspaces
    found = []
    for bot in rows.select_related("workspace", "team").order_by("pk"):
        mine = DiscordBot.all_workspaces.filter(  # the one in hand
            free, workspace=bot.workspace_id, pk=bot.pk, state=BotState.ACTIVE
        )
        last = heard.get(bot.pk, bot.last_event_at)
        if mine.update(leased_by=holder, leased_until=at + LEASE, seen_at=at, last_event_at=last):
            found.append(bot)
    return found


def let_go(holder: str, ids: Collection[int] | None = None) -> None:
    """Give the bots free for others: all, or those of these ids."""
    rows = DiscordBot.all_workspaces.filter(leased_by=holder)  # a worker serves all workspaces
    rows = rows if ids is None else rows.filter(pk__in=ids)
    rows.update(leased_by="", leased_until=None, connected_at=None)
