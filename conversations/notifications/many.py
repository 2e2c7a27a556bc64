"""Changes of many conversations: each member, or team, to whom one has assigned any is notified once of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Event, Team
from accounts.tenancy import current
from accounts.transaction import notify_after_commit
from conversations import effects
from conversations.effects.vocabulary import MEMBER
from conversations.models import BulkJob, BulkRow, Conversation, Notification, NotificationKind, RowState
from conversations.notifications.writing import CHANNEL, Notice


def assigned_by(job: BulkJob) -> list[int]:
    """The ids of the members to whom a change of many conversations assigns them."""
    return [pk for kind, pk in _references(job) if kind == MEMBER]


def count(job: BulkJob, user_id: int) -> int:
    """How many of the job's conversations are still assigned to the member."""
    return _changed(job).filter(assignee=user_id).count()


def notices(job: BulkJob, event: Event) -> Iterator[Notice]:
    """Whom the job concerns once it is over: the members, and those of the teams that have no assignee for it."""
    actor = job.created_by_id
    for kind, pk in _references(job):
        if kind == MEMBER:
            if amount := count(job, pk):
                yield _notice(NotificationKind.ASSIGNED, pk, job, event, actor, amount)
        elif amount := _changed(job).filter(team=pk, assignee=None).count():
            members = Team.members.through.objects.filter(team__workspace=current(), team=pk)
            for user_id in members.order_by("pk").values_list("user", flat=True):
                yield _notice(NotificationKind.TEAM_ASSIGNED, user_id, job, event, actor, amount)


def take_back(job: BulkJob) -> None:
    """Take the notifications of a job that was undone back where they have not been read; they go on to count what was kept."""
    teams = [pk for kind, pk in _references(job) if kind != MEMBER]
    of_teams = _changed(job).filter(team__in=teams, assignee=None).count()
    for row in Notification.objects.filter(job=job, read_at=None).order_by("pk"):
        left = count(job, row.user_id) if row.kind == NotificationKind.ASSIGNED else of_teams
        if left:
            Notification.objects.filter(pk=row.pk).update(count=left)
        else:
            row.delete()
        notify_after_commit(CHANNEL, row.user_id)


def take_back_assignments(conversations: set[int], before: int, at: datetime) -> None:
    """Take back that conversations were assigned to members who have them no more by an event; with what else has happened there it is read."""
    rows = Notification.objects.filter(
        conversation__in=conversations, kind=NotificationKind.ASSIGNED, read_at=None, event_id__lt=before
    )
    for row in rows.filter(taken_back()).order_by("pk"):
        if row.count == 1:
            row.delete()
        else:
            Notification.objects.filter(pk=row.pk).update(read_at=at)
        notify_after_commit(CHANNEL, row.user_id)


def taken_back() -> Q:
    """Notifications of what was assigned to a member who has none of it any more."""
    conversations = Conversation.objects.filter(pk=OuterRef("conversation"), assignee=OuterRef("user"))
    rows = BulkRow.objects.filter(
        job=OuterRef("job"), state__in=(RowState.CHANGED, RowState.KEPT), conversation__assignee=OuterRef("user")
    )
    return Q(kind=NotificationKind.ASSIGNED) & (
        (Q(conversation__isnull=False) & ~Exists(conversations)) | (Q(job__isnull=False) & ~Exists(rows))
    )


def _references(job: BulkJob) -> list[tuple[str, int]]:
    found = [effect.reference for effect in effects.read(job.effects) if effect.reference is not None]
    return list(dict.fromkeys(found))


def _changed(job: BulkJob) -> QuerySet[Conversation]:
    rows = BulkRow.objects.filter(job=job, state__in=(RowState.CHANGED, RowState.KEPT))
    return Conversation.objects.filter(pk__in=rows.values("conversation"))


def _notice(kind: NotificationKind, user_id: int, job: BulkJob, event: Event, actor: int | None, amount: int) -> Notice:
    return Notice(kind, user_id, event.pk, event.at, job_id=job.pk, actor_id=actor, amount=amount)
