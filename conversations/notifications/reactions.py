"""Whom each event concerns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Exists, OuterRef, Q

from accounts.journal import batched, concerns
from accounts.models import Event, Membership, Team
from accounts.permissions import ActorKind, Role
from accounts.tenancy import current
from conversations.events import REPLY_FAILED, REPLY_HELD
from conversations.models import (
    BulkJob,
    Conversation,
    Delivery,
    DeliveryStatus,
    Follower,
    Handler,
    Mention,
    Message,
    Notification,
    NotificationKind,
)
from conversations.notifications import many, reading
from conversations.notifications.writing import Notice, notify
from conversations.queries import causes

# The dispatcher asks the conditions of all workspaces at once.
_WORKSPACE, _SUBJECT = OuterRef("event__workspace"), OuterRef("event__subject_id")
_OF_THE_EVENT = {"workspace": _WORKSPACE, "pk": _SUBJECT}
_WANTS_NEW = {f"user__preferences__notifications__events__{NotificationKind.UNASSIGNED_NEW}__0__isnull": False}


@batched
def notify_of_assignment(events: Sequence[Event]) -> None:
    """The new assignee, or the members of the new team where it has no assignee; who has it no more need not know that they had it.

    Of a change of many conversations the end tells.
    """
    summed = causes.of_bulk_jobs(events)
    alone = [event for event in events if event.pk not in summed]
    notify([*_assignees(alone), *_teams(alone)])
    newest = max(events, key=lambda event: event.pk)
    many.take_back_assignments({event.subject_id for event in events}, newest.pk, newest.at)


@batched
def notify_of_many(events: Sequence[Event]) -> None:
    """Each member to whom someone else's change of many conversations has assigned any: once, when it is over or was stopped."""
    jobs = BulkJob.objects.in_bulk([event.subject_id for event in events])
    notify(
        notice for event in events if event.subject_id in jobs for notice in many.notices(jobs[event.subject_id], event)
    )


@batched
def take_back_many(events: Sequence[Event]) -> None:
    """What a change of many conversations has notified of, once it was undone."""
    for job in BulkJob.objects.filter(pk__in=[event.subject_id for event in events]).order_by("pk"):
        many.take_back(job)


def _has_people() -> Q:
    rows = Conversation.all_workspaces.filter(**_OF_THE_EVENT, handler=Handler.PEOPLE, assignee__isnull=False)
    followed = Follower.all_workspaces.filter(workspace=_WORKSPACE, conversation=_SUBJECT)  # as above
    return Q(Exists(rows)) | Q(Exists(followed))


@concerns(_has_people)
@batched
def notify_of_reply(events: Sequence[Event]) -> None:
    """The assignee and the followers of a conversation in which the customer has written."""
    ids = {event.subject_id for event in events}
    concerned: dict[int, set[int]] = {}
    rows = Conversation.objects.filter(pk__in=ids, handler=Handler.PEOPLE, assignee__isnull=False)
    for pk, user_id in rows.values_list("pk", "assignee"):
        concerned.setdefault(pk, set()).add(user_id)
    for pk, user_id in Follower.objects.filter(conversation__in=ids).values_list("conversation", "user"):
        concerned.setdefault(pk, set()).add(user_id)
    notify(
        _notice(NotificationKind.REPLIED, user_id, event)
        for event in events
        for user_id in concerned.get(event.subject_id, ())
    )


def _is_wanted() -> Q:
    return Q(Exists(Membership.all_workspaces.filter(workspace=_WORKSPACE, **_WANTS_NEW)))  # as above


@concerns(_is_wanted)
@batched
def notify_of_new(events: Sequence[Event]) -> None:
    """Those who want to know of every new conversation that is nobody's."""
    users = [*Membership.objects.filter(**_WANTS_NEW).values_list("user", flat=True)]
    rows = Conversation.objects.filter(pk__in=[event.subject_id for event in events], handler=Handler.PEOPLE)
    new = {*rows.filter(assignee=None, team=None).values_list("pk", flat=True)}
    notify(
        _notice(NotificationKind.UNASSIGNED_NEW, user_id, event)
        for event in events
        if event.subject_id in new
        for user_id in users
    )


def _mentions() -> Q:
    return Q(Exists(Mention.all_workspaces.filter(workspace=_WORKSPACE, conversation=_SUBJECT)))  # as above


@concerns(_mentions)
@batched
def notify_of_mention(events: Sequence[Event]) -> None:
    """The members whom a note mentions, or does since it was edited."""
    rows = Mention.objects.filter(message__in=[event.data["message_id"] for event in events])
    found: dict[int, list[Mention]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(row)
    notify(
        _notice(NotificationKind.MENTIONED, mention.user_id, event)
        for event in events
        for mention in found.get(event.data["message_id"], ())
        if mention.created_at == event.at
    )


@batched
def notify_of_mention_in_ticket(events: Sequence[Event]) -> None:
    """The members whom a ticket's own note mentions."""
    notify(
        Notice(
            NotificationKind.MENTIONED,
            event.data["user_id"],
            event.pk,
            event.at,
            ticket_id=event.subject_id,
            actor_id=_member(event),
        )
        for event in events
    )


@batched
def mark_notifications_of_ticket_read(events: Sequence[Event]) -> None:
    """A member who has read a ticket has read the notifications of it until then."""
    for event in events:
        if (member := _member(event)) is not None:
            rows = Notification.objects.filter(ticket=event.subject_id, event_id__lt=event.pk)
            reading.mark(rows, member, event.at)


def _has_failed() -> Q:
    return Q(event__type__in=(REPLY_FAILED.name, REPLY_HELD.name)) | Q(event__data__delivery=DeliveryStatus.FAILED)


@concerns(_has_failed)
@batched
def notify_of_failure(events: Sequence[Event]) -> None:
    """Who wrote the reply that could not be sent, or waits for their review; the assignee where they have left."""
    failed = [event for event in events if event.data.get("delivery", DeliveryStatus.FAILED) == DeliveryStatus.FAILED]
    messages = Message.objects.in_bulk([event.data["message_id"] for event in failed if "message_id" in event.data])
    deliveries = Delivery.objects.in_bulk(
        [event.data["delivery_id"] for event in failed if "delivery_id" in event.data]
    )
    writers = {pk: row.sender_user_id for pk, row in messages.items()}
    others = {pk: row.writer_id for pk, row in deliveries.items()}
    members = {
        *Membership.objects.filter(user__in={*writers.values(), *others.values()} - {None}).values_list(
            "user", flat=True
        )
    }
    assignees = dict(
        Conversation.objects.filter(pk__in={event.subject_id for event in failed}).values_list("pk", "assignee")
    )
    found = []
    for event in failed:
        writer = writers.get(event.data.get("message_id", 0)) or others.get(event.data.get("delivery_id", 0))
        user_id = writer if writer in members else assignees.get(event.subject_id)
        if user_id is not None:
            found.append(_notice(NotificationKind.FAILED_TO_SEND, user_id, event))
    notify(found)


@batched
def notify_of_lost_mailbox(events: Sequence[Event]) -> None:
    """The owners and admins of a workspace whose mailbox has to be reconnected."""
    admins = Membership.objects.filter(role__in=(Role.OWNER, Role.ADMIN)).order_by("pk")
    notify(
        Notice(NotificationKind.MAILBOX_DISCONNECTED, user_id, event.pk, event.at, mailbox_id=event.subject_id)
        for event in events
        for user_id in admins.values_list("user", flat=True)
    )


def _is_unread() -> Q:
    rows = Notification.all_workspaces.filter(workspace=_WORKSPACE, conversation=_SUBJECT, read_at=None)  # as above
    return Q(event__actor_kind=ActorKind.MEMBER) & Q(Exists(rows.filter(user=OuterRef("event__actor_id"))))


@concerns(_is_unread)
@batched
def mark_notifications_read(events: Sequence[Event]) -> None:
    """A member who has read a conversation has read the notifications of it until then."""
    for event in events:
        if event.actor_kind == ActorKind.MEMBER and event.actor_id is not None:
            rows = Notification.objects.filter(conversation=event.subject_id, event_id__lt=event.pk)
            reading.mark(rows, event.actor_id, event.at)


def _assignees(events: Sequence[Event]) -> Iterator[Notice]:
    for event in events:
        if (user_id := event.data.get("assignee_id")) is not None:
            yield _notice(NotificationKind.ASSIGNED, user_id, event)


def _teams(events: Sequence[Event]) -> Iterator[Notice]:
    to_teams = [event for event in events if event.data.get("team_id") and event.data.get("assignee_id") is None]
    if not to_teams:
        return
    teams = Team.members.through.objects.filter(team__workspace=current())
    found: dict[int, list[int]] = {}
    for team_id, user_id in teams.filter(team__in={event.data["team_id"] for event in to_teams}).values_list(
        "team", "user"
    ):
        found.setdefault(team_id, []).append(user_id)
    for event in to_teams:
        if not _had_the_team(event):
            for user_id in found.get(event.data["team_id"], ()):
                yield _notice(NotificationKind.TEAM_ASSIGNED, user_id, event)


def _had_the_team(event: Event) -> bool:
    """Whether the team had the conversation before, and only its assignee has changed."""
    rows = Event.objects.filter(
        workspace=current(),
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        type=event.type,
        id__lt=event.pk,
    )
    before = rows.order_by("-id").values_list("data", flat=True).first()
    return before is not None and before.get("team_id") == event.data["team_id"]


def _notice(kind: NotificationKind, user_id: int, event: Event) -> Notice:
    return Notice(kind, user_id, event.pk, event.at, conversation_id=event.subject_id, actor_id=_member(event))


def _member(event: Event) -> int | None:
    """The member who did it, if it was one."""
    return event.actor_id if event.actor_kind == ActorKind.MEMBER else None
