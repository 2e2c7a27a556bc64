"""Turns checked bodies into calls of verbs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from accounts import transaction
from accounts.errors import Invalid
from accounts.models import Membership, Team, User
from accounts.permissions import Actor
from conversations.api.fields import first_given
from conversations.dialects.posthog import deadlines
from tickets import actions as ticket_actions
from tickets import tags
from tickets.models import Ticket

TITLES = ("title", "subject")
MESSAGES = ("message", "content", "description")
"""Names that clients have for one thing, the winning one first."""
_OWN_FIELDS = ("anonymous_traits", "ai_resolved", "escalation_reason", "sla_due_at")


def text(data: dict[str, Any], trait: str) -> str:
    """A trait if it is a text, else nothing: traits may be anything."""
    found = data.get("anonymous_traits", {}).get(trait)
    return found.strip() if isinstance(found, str) else ""


def rich(data: dict[str, Any]) -> dict[str, Any] | None:
    """A message's `rich_content` as it is stored."""
    return {"rich_content": data["rich_content"]} if data.get("rich_content") is not None else None


def opening(data: dict[str, Any]) -> dict[str, Any]:
    """The values of a new ticket, as its verb takes them."""
    names = {"anonymous_traits": "traits", "tags": "tag_names"}
    taken = ("status", "priority", "anonymous_traits", "ai_resolved", "escalation_reason", "sla_due_at", "tags")
    values = {names.get(name, name): data[name] for name in taken if name in data}
    if data.get("assignee") is not None:
        values["assignee"], values["team"] = assignee(data["assignee"])
    return values


def apply(row: Ticket, data: dict[str, Any], *, by: Actor, at: datetime) -> None:
    """Change what the body names: one verb each, in the request's one transaction. Raises Invalid with the field."""
    if "assignee" in data:
        to, team = assignee(data["assignee"])
        ticket_actions.assign(ticket=row, to=to, team=team, by=by, at=at)
    if "snoozed_until" in data:
        ticket_actions.snooze(ticket=row, until=data["snoozed_until"], status=data.get("status"), by=by, at=at)
    elif "status" in data:
        ticket_actions.set_status(ticket=row, status=data["status"], by=by, at=at)
    if "priority" in data:
        ticket_actions.set_priority(ticket=row, priority=data["priority"], by=by, at=at)
    if "tags" in data:
        ticket_actions.set_tags(ticket=row, names=data["tags"], by=by, at=at)
    own = {name: data[name] for name in _OWN_FIELDS if name in data}
    _, title = first_given(data, *TITLES)
    if title:
        own["subject"] = " ".join(title.split())
    if own:
        ticket_actions.update(ticket=row, by=by, at=at, **own)


def apply_external(row: Ticket, data: dict[str, Any], *, by: Actor, at: datetime) -> None:
    """The same for a call from outside, which may state a span of time and may add or remove tags. Raises Invalid."""
    changes: dict[str, Any] = {
        name: data[name] for name in ("status", "priority", "sla_due_at", "snoozed_until") if name in data
    }
    if "assignee" in data:
        changes["assignee"] = data["assignee"]
    if "sla_amount" in data:
        try:
            changes["sla_due_at"] = deadlines.deadline(
                data["sla_amount"], data.get("sla_unit", "hour"), data.get("sla_business_hours"), at
            )
        except deadlines.TooLong as error:
            raise Invalid("So many working hours do not pass within five years.", field="sla_amount") from error
    if "tags" in data:
        row = transaction.held(row)  # nobody else changes its tags meanwhile
        changes["tags"] = _tags(row.tags, tags.normal(data["tags"]), data["tags_mode"])
    apply(row, changes, by=by, at=at)


def _tags(present: list[str], given: list[str], mode: str) -> list[str]:
    if mode == "set":
        return given
    if mode == "remove":
        gone = {tags.key(name) for name in given}
        return [name for name in present if tags.key(name) not in gone]
    return tags.unique([*present, *given])


def assignee(stated: dict[str, Any] | None) -> tuple[User | None, Team | None]:
    """The member or the team of a reference. Raises Invalid for one that is not of this workspace."""
    if stated is None:
        return None, None
    found: User | Team | None
    if stated["type"] == "user":
        found = _member(stated["id"])
        if found is not None:
            return found, None
        raise Invalid("The assignee is not a member of this project.", field="assignee")
    try:
        team = Team.objects.filter(public_id=uuid.UUID(stated["id"])).first()
    except ValueError:
        team = None
    if team is None:
        raise Invalid("There is no such role in this project.", field="assignee")
    return None, team


def _member(user_id: int) -> User | None:
    if not 0 < user_id < 2**63:
        return None
    rows = Membership.objects.select_related("user").filter(user=user_id, user__is_active=True)
    membership = rows.first()
    return membership.user if membership else None
