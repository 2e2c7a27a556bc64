"""What is wrong, shown above every page: channels that have to be reconnected. It is asked for when it is printed, and not before."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import queries
from accounts.models import Workspace
from accounts.permissions import Actor, may
from conversations.models import DiscordBot, Mailbox, MailboxState
from conversations.models.discord import BotState
from conversations.screens.formatting import url


class Broken(NamedTuple):
    """Channels that take no messages until they are reconnected: what the banner says, and where that is done."""

    text: str
    url: str
    stamp: str
    """Differs for other channels: a banner that was dismissed stays away for these."""


class Banners:
    """The banners of a page, and the event after which its live updates begin."""

    def __init__(self, workspace: Workspace, actor: Actor, *, is_preview: bool) -> None:
        self.workspace = workspace
        self.shows_channels = not is_preview and may(actor, "mailbox.manage")

    @property
    def after(self) -> int:
        """The newest event; pages that show what events change ask before they read."""
        return queries.newest_event()

    @cached_property
    def broken(self) -> Broken | None:
        """The channels that who may reconnect them has to."""
        if not self.shows_channels:
            return None
        slug = self.workspace.slug
        mailboxes = Mailbox.objects.filter(state=MailboxState.DISCONNECTED).order_by("pk")
        bots = DiscordBot.objects.filter(state=BotState.DISCONNECTED)
        found = [*mailboxes.values_list("public_id", "address").union(bots.values_list("public_id", "name"), all=True)]
        if not found:
            return None
        stamp = ",".join(sorted(str(public_id) for public_id, _name in found))
        if len(found) > 1:
            text = ngettext("%(num)s channel is disconnected.", "%(num)s channels are disconnected.", len(found))
            return Broken(text % {"num": len(found)}, url("mailboxes", slug), stamp)
        public_id, name = found[0]
        if "@" in name:
            text = _("The mailbox %(address)s is disconnected.") % {"address": name}
            return Broken(text, url("mailbox", slug, public_id), stamp)
        return Broken(_("Discord is disconnected."), url("discord", slug), stamp)
