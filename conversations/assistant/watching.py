"""Watching runs: what their streams follow, and the frames that they send."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from accounts import clock, tenancy
from accounts.live.watching import Changes, Source
from conversations.assistant import frames, recovery, runs
from conversations.models import AssistantFrame, AssistantRun, AssistantThread, RunStatus


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame of a run, with its number, and the conversation as it is now."""

    number: int
    frame: frames.Frame
    thread: AssistantThread


def pulse(run_ids: Collection[int]) -> dict[int, int]:
    """The newest frame of each unfinished run; runs whose worker is gone are recovered first."""
    newest = AssistantFrame.all_workspaces.filter(run=OuterRef("pk")).order_by("-sequence")  # of the runs in hand
    rows = (
        AssistantRun.all_workspaces.filter(
            pk__in=run_ids, status=RunStatus.RUNNING
        )  # each stream's access was checked by its view
        .select_related("workspace", "thread")
        .annotate(newest=Subquery(newest.values("pk")[:1]))
    )
    found = list(rows)
    recovery.recover(found, clock.now())
    return {run.pk: run.newest or 0 for run in found}


def look(run_id: int, after: int) -> Changes[list[Seen]]:
    """The frames after a number; none, and the end, for a run that no longer exists."""
    run = (
        AssistantRun.all_workspaces.select_related("workspace", "thread__conversation__ticket", "thread__user")
        .filter(pk=run_id)  # the stream's access was checked by its view
        .first()
    )
    if run is None:
        return Changes(after, [], is_over=True)
    with tenancy.scope(run.workspace):
        # Whether the run is over was read first, so that no frame is missed.
        rows = list(runs.frames_after(run, after))
        found = [Seen(row.pk, frame, run.thread) for row in rows if (frame := frames.read(row)) is not None]
    return Changes(rows[-1].pk if rows else after, found, is_over=run.is_over)


RUNS = Source(channel=runs.CHANNEL, pulse=pulse, look=look)
