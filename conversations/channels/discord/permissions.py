"""Who may set up the Discord bot and look at its health: members alone, no key."""

from __future__ import annotations

from accounts.permissions import Role, Rule, register


def register_rules() -> None:
    """Called once, when Django is ready."""
    register({
        "discord.read": Rule(Role.AGENT),
        "discord.manage": Rule(Role.ADMIN),
        "discord.run": Rule(),
    })  # fmt: skip
