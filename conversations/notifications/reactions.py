"""Notifying members by mail: of what was assigned to them, and of mailboxes that have to be reconnected."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.journal import batched
from accounts.models import Event, Membership
from accounts.permissions import ActorKind, Role
from conversations.models import BulkJob
from conversations.notifications import mails
from conversations.queries import causes


@batched
def tell_the_assignee(events: Sequence[Event]) -> None:
    """Queue mails to the members to whom someone else assigned a conversation; of a change of many, one mail says it all."""
    summed = causes.of_bulk_jobs(events)
    mails.assignments.queue(
        *(
            {"conversation_id": event.subject_id, "user_id": event.data["assignee_id"]}
            for event in events
            if _is_for_another(event) and event.pk not in summed
        )
    )


@batched
def tell_of_many(events: Sequence[Event]) -> None:
    """Queue one mail to each member to whom someone else's change of many conversations has assigned any."""
    jobs = BulkJob.objects.filter(pk__in=[event.subject_id for event in events]).order_by("pk")
    mails.many_assignments.queue(
        *(
            {"job_id": job.pk, "user_id": user_id}
            for job in jobs
            for user_id in mails.assigned_by(job)
            if user_id != job.created_by_id
        )
    )


@batched
def tell_the_admins(events: Sequence[Event]) -> None:
    """Queue mails to the owners and admins of a workspace whose mailbox has to be reconnected."""
    admins = (
        Membership.objects.filter(role__in=(Role.OWNER, Role.ADMIN)).order_by("pk").values_list("user_id", flat=True)
    )
    mails.lost_mailboxes.queue(
        *({"mailbox_id": event.subject_id, "user_id": user_id} for event in events for user_id in admins)
    )


def _is_for_another(event: Event) -> bool:
    user_id = event.data.get("assignee_id")
    return user_id is not None and (event.actor_kind, event.actor_id) != (ActorKind.MEMBER, user_id)
