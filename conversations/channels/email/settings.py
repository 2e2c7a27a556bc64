"""Email in the list of the settings."""

from __future__ import annotations

from conversations.channels import ChannelSettings

SETTINGS = ChannelSettings(
    title="Mailboxes",
    about="Addresses at which customers write, and from which replies are sent.",
    icon="mail",
    url_name="mailboxes",
    permission="mailbox.manage",
)
