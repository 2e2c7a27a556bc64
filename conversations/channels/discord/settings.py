"""Discord in the list of the settings."""

from __future__ import annotations

from conversations.channels import ChannelSettings

SETTINGS = ChannelSettings(
    title="Discord",
    about="Posts of a forum and threads of your Discord server become conversations.",
    icon="gamepad-2",
    url_name="discord",
    permission="discord.manage",
)
