"""Counts that people see, which stop at a cap: a million rows cost no more to count than a hundred."""

from __future__ import annotations

from django.db.models import IntegerField, Subquery

CAP = 100
"""Counts are shown as "99+" from here on."""


class Capped(Subquery):
    """How many rows a sub-select gives, which is cut at CAP."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS rows)"
    output_field = IntegerField()


def shown(count: int) -> str:
    """At most "99+"; nothing for none."""
    if not count:
        return ""
    return f"{CAP - 1}+" if count >= CAP else str(count)
