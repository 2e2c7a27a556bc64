"""How often macros are used, by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection

from conversations.models import Macro

DAYS = 30
"""For how many days back uses are shown."""


def count_use(macro: Macro, at: datetime) -> None:
    """Count one more use of a macro, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations_macrouse (workspace_id, macro_id, day, count) VALUES (%s, %s, %s, 1)"
            " ON CONFLICT (workspace_id, macro_id, day) DO UPDATE SET count = conversations_macrouse.count + 1",
            [macro.workspace_id, macro.pk, _day(at)],
        )
    Macro.objects.filter(pk=macro.pk).update(last_used_at=at)


def shown_after(at: datetime) -> datetime:
    """The beginning of the day after whose end uses are shown."""
    return _day(at - timedelta(days=DAYS))


def _day(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
