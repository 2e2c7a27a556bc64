"""What every page of the settings shares: the list of what can be set up."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accounts.permissions import Actor, may
from conversations import channels
from conversations.channels import ChannelSettings
from conversations.screens.shell import DeskRequest, shell


@dataclass(frozen=True, slots=True)
class General:
    """What is set up for all channels, in the list of the settings."""

    title: str | Promise
    about: str | Promise
    icon: str
    url_name: str
    permission: str


GENERAL = (
    General(
        gettext_lazy("Saved views"),
        gettext_lazy("Searches and filters under a name, for you, a team or everyone."),
        "bookmark",
        "saved-views",
        "ticket.read",
    ),
    General(
        gettext_lazy("Custom attributes"),
        gettext_lazy("What you keep of customers, conversations and tickets."),
        "list-plus",
        "attributes",
        "attribute.read",
    ),
    General("Business hours", "When customers can expect an answer.", "clock", "hours", "hours.read"),
    General(
        "Customer identity",
        "The secret with which your website proves who its customers are.",
        "fingerprint-pattern",
        "identity",
        "workspace.rotate_identity_secret",
    ),
    General("Keyboard", "Your own keys, and single keys on or off.", "keyboard", "keyboard", "hours.read"),
)


def of_channels(actor: Actor) -> list[ChannelSettings]:
    """The channels whose settings the member may see."""
    return [one for one in channels.with_settings() if may(actor, one.permission)]


def of_all_channels(actor: Actor) -> list[General]:
    """The other settings that the member may see."""
    return [one for one in GENERAL if may(actor, one.permission)]


def facts(request: DeskRequest, current: str = "") -> dict[str, object]:
    """The context of a page; `current` is the URL name of its entry in the list."""
    return {
        **shell(request, "settings"),
        "of_channels": of_channels(request.actor),
        "of_all_channels": of_all_channels(request.actor),
        "current": current,
    }
