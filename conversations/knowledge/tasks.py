"""Measuring every day how well tags can be suggested."""

from __future__ import annotations

from procrastinate.contrib.django import app

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.knowledge import tagging

TRIED = 300


@app.periodic(cron="23 3 * * *")
@app.task(name="measure_tags", queueing_lock="measure_tags", pass_context=False)
def measure_tags(timestamp: int) -> None:
    """Measure in every workspace, each by itself, from which likeness on tags are suggested."""
    for workspace in Workspace.objects.order_by("pk"):
        with tenancy.scope_apart(workspace, "measure_tags_failed workspace=%s", workspace.pk):
            tagging.measure(workspace, TRIED, by=Actor.system(workspace.pk), at=clock.now())
