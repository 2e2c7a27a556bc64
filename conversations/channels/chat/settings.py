"""Live chat in the list of the settings."""

from __future__ import annotations

from conversations.channels import ChannelSettings

SETTINGS = ChannelSettings(
    title="Live chat",
    about="A chat on your website, for questions that want an answer now.",
    icon="message-square",
    url_name="widgets",
    permission="widget.read",
)
