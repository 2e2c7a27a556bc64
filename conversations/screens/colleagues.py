"""Whom a note may mention, as the list after `@` offers them."""

from __future__ import annotations

from accounts import queries as people


def choices(own_id: int) -> list[dict[str, object]]:
    """The members who may answer, but for oneself, and the teams."""
    found: list[dict[str, object]] = [
        {"text": member.name or member.email, "about": member.email if member.name else ""}
        for member in people.assignable()
        if member.pk != own_id
    ]
    return found + [{"text": team.name, "about": "", "is_team": True} for team in people.teams()]
