"""Who may read and write articles and macros: members alone, no key."""

from __future__ import annotations

from accounts.permissions import Role, Rule, register


def register_rules() -> None:
    """Called once, when Django is ready."""
    register({"knowledge.read": Rule(Role.VIEWER), "knowledge.write": Rule(Role.AGENT)})
