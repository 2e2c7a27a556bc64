"""Members of acme and what they are notified of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accounts import clock, journal, tenancy
from conversations.models import Notification
from tests.conftest import Member


def wants(member: Member, **events: Sequence[str]) -> None:
    """What the member chooses; `quiet` is a pair of times."""
    quiet = events.pop("quiet", None)
    kept: dict[str, Any] = {"events": {name: list(ways) for name, ways in events.items()}}
    if quiet:
        kept["quiet"] = {"from": quiet[0], "to": quiet[1]}
    member.user.preferences = {**member.user.preferences, "notifications": kept}
    member.user.save(update_fields=["preferences"])


def of(member: Member) -> list[tuple[str, int | None, int]]:
    """What the member is notified of and has not read: the kind, the number of the conversation, how many events."""
    journal.drain()
    with tenancy.scope(member.membership.workspace):
        rows = Notification.objects.filter(user=member.user, read_at=None).order_by("pk")
        return [(row.kind, row.conversation.number if row.conversation else None, row.count) for row in rows]


def act(member: Member) -> dict[str, Any]:
    return {"by": member.actor, "at": clock.now()}
