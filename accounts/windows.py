"""Pages by offset: far from the beginning the ids of a list are walked first, and the rows are looked up for the page alone."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import QuerySet

Rows = TypeVar("Rows", bound=QuerySet[Any, Any])

FAR = 100
"""Rows before a page from which on this costs less than joining what is only skipped."""


def window(rows: Rows, start: int, limit: int) -> Rows:
    """So many rows from an offset on, in the order of the query set, which ends in a unique column: one query.

    Far from the beginning an index that holds the order, and what is filtered by, answers which ids they are.
    """
    if start < FAR:
        return rows[start : start + limit]
    ids = rows.select_related(None).values("pk")[start : start + limit]
    return rows.filter(pk__in=ids)
