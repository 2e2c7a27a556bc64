"""Background tasks on tickets; each may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from accounts import clock, tenancy
from accounts.permissions import Actor
from tickets import actions
from tickets.models import Ticket


@app.periodic(cron="* * * * *")
@app.task(name="wake_snoozed_tickets", queueing_lock="wake_snoozed_tickets", pass_context=False)
def unsnooze_due_tickets(timestamp: int) -> None:
    """Open every ticket whose snooze has ended, in all workspaces."""
    at = clock.now()
    due = Ticket.all_workspaces.filter(snoozed_until__lte=at).select_related("workspace")  # one job for all
    for ticket in due.order_by("snoozed_until", "pk")[:500]:
        with tenancy.scope_apart(ticket.workspace, "wake_failed ticket=%s", ticket.pk):
            actions.unsnooze(ticket=ticket, by=Actor.system(ticket.workspace_id), at=at)
