"""Indexes for the other orders of the list of tickets, and for the sum of what the team has not read."""

from django.db import migrations, models
from django.db.models import Q

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False  # as concurrent indexes demand

    dependencies = [("tickets", "0004_count_tickets")]

    operations = [
        AddIndexConcurrently(
            "ticket", models.Index(fields=["workspace", "created_at", "id"], name="ticket_by_creation")
        ),
        AddIndexConcurrently(
            "ticket", models.Index(fields=["workspace", "sla_due_at", "id"], name="ticket_by_due_moment")
        ),
        AddIndexConcurrently(
            "ticket", models.Index(fields=["workspace", "snoozed_until", "id"], name="ticket_by_snooze")
        ),
        AddIndexConcurrently(
            "ticket",
            models.Index(
                condition=Q(unread_team_count__gt=0) & ~Q(status="resolved"),
                fields=["workspace"],
                include=["unread_team_count"],
                name="ticket_unread",
            ),
        ),
    ]
