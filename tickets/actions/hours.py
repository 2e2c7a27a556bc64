"""The verb of business hours."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import journal, transaction
from accounts.actions import validation
from accounts.models import Workspace
from accounts.permissions import Actor, permit
from tickets import events
from tickets import hours as business_hours
from tickets.hours import Hours
from tickets.models import BusinessHours


@transaction.atomic
def set_hours(*, workspace: Workspace, hours: Any, by: Actor, at: datetime) -> Hours | None:
    """Set when a workspace answers, as `tickets.hours.parse` reads it; None is always. Raises Invalid with the field at fault."""
    permit(by, "hours.write", validation.own(workspace))
    wanted = business_hours.parse(hours, workspace.time_zone)
    time_zone, weekly = (wanted.time_zone, wanted.as_json()["weekly"]) if wanted else (None, None)
    workspace = transaction.held(workspace)
    row = BusinessHours.objects.first()
    if wanted == (row.hours if row else None):
        return wanted
    if wanted is None:
        BusinessHours.objects.all().delete()
    else:
        row = row or BusinessHours(workspace=workspace)
        row.time_zone, row.weekly, row.updated_at = wanted.time_zone, weekly, at
        row.save()
    journal.record(events.HOURS_CHANGED, validation.own(workspace), by=by, at=at, time_zone=time_zone, weekly=weekly)
    return wanted
