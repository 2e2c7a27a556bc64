"""Work that is due by the clock, in all workspaces: ending snoozes, deleting what was taken back, indexing rows of earlier versions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, TypeVar

from django.db.models import QuerySet
from procrastinate.contrib.django import app

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions import drafted, trashing
from conversations.models import (
    Article,
    Attachment,
    Company,
    Contact,
    ContactToCompare,
    Conversation,
    Delivery,
    DeliveryState,
    Draft,
    Handler,
    Macro,
    Message,
)
from conversations.models.searched import Searched, index_missing
from conversations.queries import lookalikes
from tickets import actions as ticket_actions
from tickets import tags
from tickets.models import Ticket

M = TypeVar("M", Conversation, Ticket)

KEPT = timedelta(days=7)
"""For how long a reply that was taken back can be put into the composer again."""
SEARCHED: tuple[type[Searched], ...] = (Contact, Company, Conversation, Message, Attachment, Article, Macro)
STEP = 500
"""Rows that are looked at in one statement."""


@app.periodic(cron="* * * * *")
@app.task(name="wake_snoozed", queueing_lock="wake_snoozed", pass_context=False)
def unsnooze_due(timestamp: int) -> None:
    """End every snooze that is due, in all workspaces."""
    at = clock.now()
    due = Conversation.all_workspaces.filter(snoozed_until__lte=at).exclude(handler=Handler.TRASH)  # one job for all
    for conversation in due.select_related("workspace").order_by("snoozed_until")[:500]:
        with tenancy.scope_apart(conversation.workspace, "wake_failed conversation=%s", conversation.pk):
            by = Actor.system(conversation.workspace_id)
            actions.unsnooze(conversation=conversation, only_if_due=True, by=by, at=at)


def compare_contacts() -> None:
    """Compare the contacts that have changed with the others, in all workspaces, for the lists of possible duplicates."""
    waiting = ContactToCompare.all_workspaces.order_by().values("workspace").distinct()  # one job for all
    for workspace in Workspace.objects.filter(pk__in=waiting).order_by("pk"):
        with tenancy.scope_apart(workspace, "compare_failed workspace=%s", workspace.pk):
            while lookalikes.compare():
                pass


@app.periodic(cron="17 * * * *")
@app.task(name="forget_replies", queueing_lock="forget_replies", pass_context=False)
def forget_replies(timestamp: int) -> None:
    """Delete replies that were taken back a week ago, with their files, in all workspaces."""
    over = clock.now() - KEPT
    rows = Delivery.all_workspaces.filter(
        state=DeliveryState.CANCELLED, message=None, settled_at__lt=over
    )  # one job for all
    for delivery in rows.select_related("workspace").order_by("settled_at", "pk")[:500]:
        with tenancy.scope_apart(delivery.workspace, "forget_failed delivery=%s", delivery.pk):
            for file in delivery.files.all():
                file.file.delete(save=False)
            delivery.delete()


@app.periodic(cron="41 * * * *")
@app.task(name="empty_trash", queueing_lock="empty_trash", pass_context=False)
def empty_trash(timestamp: int) -> None:
    """Delete for good what has been in the Trash for thirty days, in all workspaces."""
    at = clock.now()
    rows = Conversation.all_workspaces.filter(
        handler=Handler.TRASH, trashed_at__lt=at - trashing.KEPT
    )  # one job for all
    for conversation in rows.select_related("workspace").order_by("trashed_at", "pk")[:500]:
        with tenancy.scope_apart(conversation.workspace, "purge_failed conversation=%s", conversation.pk):
            actions.purge(conversation=conversation, by=Actor.system(conversation.workspace_id), at=at)


@app.periodic(cron="37 * * * *")
@app.task(name="forget_drafts", queueing_lock="forget_drafts", pass_context=False)
def forget_drafts(timestamp: int) -> None:
    """Delete drafts that were discarded a week ago, with their files, in all workspaces."""
    rows = Draft.all_workspaces.filter(discarded_at__lt=clock.now() - KEPT)  # one job for all
    for draft in rows.select_related("workspace").order_by("discarded_at", "pk")[:500]:
        with tenancy.scope_apart(draft.workspace, "forget_failed draft=%s", draft.pk):
            drafted.forget(draft)


@app.task(name="replace_tag")
def replace_tag(*, workspace_id: int, name: str, by_name: str | None, **future: Any) -> None:
    """Put a tag into the place of another one on every conversation and ticket, each in a transaction of its own.

    It may be run again: rows that are done are left alone.
    """
    workspace = Workspace.objects.get(pk=workspace_id)
    by, wanted = Actor.system(workspace_id, name="Tags"), tags.key(name)
    with tenancy.scope(workspace):
        for conversation in _tagged(Conversation.objects.all(), wanted):
            actions.replace_tag(conversation=conversation, name=name, by_name=by_name, by=by, at=clock.now())
        for ticket in _tagged(Ticket.objects.all(), wanted):
            ticket_actions.replace_tag(ticket=ticket, name=name, by_name=by_name, by=by, at=clock.now())


def _tagged(rows: QuerySet[M], wanted: str) -> Iterator[M]:
    """The rows that have a tag, whatever its case: read in steps, so that no transaction is long."""
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", "tags")[:STEP]):
        last = page[-1][0]
        found = [pk for pk, names in page if any(tags.key(one) == wanted for one in names)]
        if found:
            yield from rows.filter(pk__in=found).order_by("pk")


@app.periodic(cron="*/10 * * * *")
@app.task(name="index_rows_of_earlier_versions", queueing_lock="index_rows_of_earlier_versions", pass_context=False)
def index_rows_of_earlier_versions(timestamp: int) -> None:
    """Index rows that a process of the earlier version wrote during an update."""
    for model in SEARCHED:
        while index_missing(model):
            pass
