"""What brought events about: changes of many conversations at once, and macros."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.models import Event
from accounts.tenancy import current
from conversations import events

OF_BULK = frozenset((events.BULK_JOB_STARTED.name, events.BULK_JOB_UNDO_STARTED.name))
"""The events that the changes of a job name as their cause."""


def of_bulk_jobs(found: Sequence[Event]) -> set[int]:
    """The ids of those of the events that a job brought about: one query where any has a cause, else none."""
    causes = {event.caused_by_id for event in found if event.caused_by_id is not None}
    if not causes:
        return set()
    rows = Event.objects.filter(workspace=current(), pk__in=causes, type__in=OF_BULK)
    bulk = set(rows.values_list("pk", flat=True))
    return {event.pk for event in found if event.caused_by_id in bulk}
