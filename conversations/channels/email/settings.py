"""Email in the list of the settings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from conversations.channels import ChannelSettings

SETTINGS = ChannelSettings(
    title=_("Mailboxes"),
    about=_("Addresses at which customers write, and from which replies are sent."),
    icon="mail",
    url_name="mailboxes",
    permission="mailbox.read",
    changing="mailbox.manage",
)
