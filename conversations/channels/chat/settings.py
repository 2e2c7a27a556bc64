"""Live chat in the list of the settings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from conversations.channels import ChannelSettings

SETTINGS = ChannelSettings(
    title=_("Live chat"),
    about=_("A chat on your website, for questions that want an answer now."),
    icon="message-square",
    url_name="widgets",
    permission="widget.read",
    changing="widget.write",
)
