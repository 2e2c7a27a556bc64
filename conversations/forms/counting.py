"""How often something became of what was sent with a form: one row for each form, day and outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from conversations.models import Form, FormCount, FormOutcome

DAYS = 30


def count(form: Form, outcome: FormOutcome, at: datetime) -> None:
    """Count one more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations_formcount (workspace_id, form_id, day, outcome, count, last_at)"
            " VALUES (%s, %s, %s, %s, 1, %s) ON CONFLICT (workspace_id, form_id, day, outcome)"
            " DO UPDATE SET count = conversations_formcount.count + 1, last_at = excluded.last_at",
            [form.workspace_id, form.pk, _day(at), outcome, at],
        )


@dataclass(slots=True)
class FormHealth:
    """What became of what was sent with a form in the last thirty days."""

    form: Form
    counts: Counter[str] = field(default_factory=Counter)
    accepted_at: datetime | None = None

    @property
    def accepted(self) -> int:
        return self.counts[FormOutcome.ACCEPTED]

    @property
    def thrown_away(self) -> list[tuple[str, int]]:
        """What did not become a conversation for the team, with its reason, the most frequent first."""
        others = [(one, number) for one, number in self.counts.most_common() if one != FormOutcome.ACCEPTED]
        return [(str(FormOutcome(one).label), number) for one, number in others]


def health(forms: Iterable[Form], at: datetime) -> list[FormHealth]:
    """The health of some forms, in one question."""
    found = {form.pk: FormHealth(form) for form in forms}
    since = _day(at - timedelta(days=DAYS))
    rows: QuerySet[FormCount] = FormCount.objects.filter(form__in=[one.form for one in found.values()], day__gt=since)
    for row in rows.order_by("day", "pk"):
        one = found[row.form_id]
        one.counts[row.outcome] += row.count
        if row.outcome == FormOutcome.ACCEPTED:
            one.accepted_at = max(one.accepted_at or row.last_at, row.last_at)
    return list(found.values())


def _day(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
