"""Who may set up mailboxes, look at their health and block senders: members alone, no key."""

from __future__ import annotations

from accounts.permissions import Role, Rule, register


def register_rules() -> None:
    """Called once, when Django is ready."""
    register({
        "mailbox.read": Rule(Role.AGENT),
        "mailbox.manage": Rule(Role.ADMIN),
        "sender.block": Rule(Role.AGENT),
    })  # fmt: skip
