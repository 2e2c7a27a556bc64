"""Whether anybody is there to answer, by the business hours of the workspace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from conversations.models import Widget
from tickets import queries as tickets


def online(widget: Widget, at: datetime) -> dict[str, Any]:
    """Whether the widget is online now, and when it is next where that is known; in the open scope."""
    hours = tickets.business_hours() if widget.follows_hours else None
    if hours is None or hours.is_open(at):
        return {"is_online": True, "next_opening": None}
    opening = hours.next_opening(at)
    return {"is_online": False, "next_opening": opening.isoformat() if opening else None}
