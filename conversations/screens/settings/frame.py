"""What every page of the settings shares: the list of what can be set up."""

from __future__ import annotations

from accounts.permissions import Actor, may
from conversations import channels
from conversations.channels import ChannelSettings
from conversations.screens.shell import DeskRequest, shell


def listed(actor: Actor) -> list[ChannelSettings]:
    """The channels that the member may set up."""
    return [one for one in channels.with_settings() if may(actor, one.permission)]


def facts(request: DeskRequest, current: str = "") -> dict[str, object]:
    """The context of a page; `current` is the URL name of the channel's entry in the list."""
    return {**shell(request, "settings"), "listed": listed(request.actor), "current": current}
