"""Discord in the list of the settings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from conversations.channels import ChannelSettings

SETTINGS = ChannelSettings(
    title=_("Discord"),
    about=_("Posts of a forum and threads of your Discord server become conversations."),
    icon="gamepad-2",
    url_name="discord",
    permission="discord.read",
    changing="discord.manage",
)
