"""The verbs of a ticket."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts import changes, journal, transaction, writing
from accounts.changes import UNSET
from accounts.compiled import compiled
from accounts.counters import Counter
from accounts.errors import Invalid
from accounts.models import Membership, Team, User, Workspace
from accounts.permissions import Actor, permit
from tickets import events, lifecycle, tags, unread
from tickets.models import Ticket, TicketNote, TicketNumbers, TicketPriority, TicketStatus


@dataclass(frozen=True, slots=True)
class MessageSummary:
    """What a ticket's row keeps of the messages in its conversations."""

    message_count: int
    last_message_at: datetime | None
    last_message_text: str | None
    unread_team_count: int
    unread_customer_count: int


SUMMARY_FIELDS = tuple(field.name for field in fields(MessageSummary))
UNASSIGNED_AT_ONCE = 1000
MESSAGE_CUT = 500
"""How much of the last message a ticket's row keeps."""
NUMBERS = Counter(TicketNumbers, last="last", statuses=TicketStatus.values)


@transaction.atomic
@writing.together()
def open_ticket(
    *,
    workspace: Workspace,
    subject: str = "",
    status: str = TicketStatus.NEW,
    priority: str | None = None,
    assignee: User | None = None,
    team: Team | None = None,
    tag_names: Sequence[str] = (),
    escalation_reason: str | None = None,
    channel: str = "api",
    traits: dict[str, Any] | None = None,
    ai_resolved: bool = False,
    sla_due_at: datetime | None = None,
    session_id: str | None = None,
    session_context: dict[str, Any] | None = None,
    by: Actor,
    at: datetime,
) -> Ticket:
    """Open a ticket under the workspace's next number. Raises Invalid with the field at fault."""
    permit(by, "ticket.open")
    _check_status(status)
    _check_priority(priority)
    _check_assignee(workspace.pk, assignee, team)
    names = tags.check(tags.normal(tag_names))
    ticket = Ticket(
        workspace=workspace,
        public_id=uuid.uuid4(),
        number=0,
        subject=subject[:500],
        status=status,
        priority=priority or None,
        assignee=assignee,
        team=team,
        tags=names,
        escalation_reason=escalation_reason,
        channel=channel,
        anonymous_traits=traits or {},
        ai_resolved=ai_resolved,
        sla_due_at=sla_due_at,
        session_id=session_id,
        session_context=session_context or {},
        resolved_at=at if status == TicketStatus.RESOLVED else None,
        created_at=at,
        updated_at=at,
    )
    NUMBERS.number(ticket, "number", status)
    tags.remember(workspace.pk, names, at)
    journal.record(events.TICKET_OPENED, ticket, by=by, at=at, status=status, priority=priority)
    return ticket


@transaction.atomic
def set_status(*, ticket: Ticket, status: str, by: Actor, at: datetime) -> Ticket:
    """Move a ticket to any state. Raises Invalid for an unknown one."""
    permit(by, "ticket.update", ticket)
    _check_status(status)
    ticket = transaction.held(ticket)
    if ticket.status == status:
        return ticket
    return _stand(ticket, lifecycle.move(_standing(ticket), status, at), by=by, at=at)


@transaction.atomic
def snooze(*, ticket: Ticket, until: datetime | None, status: str | None = None, by: Actor, at: datetime) -> Ticket:
    """Put a ticket on hold until a moment; None ends that and opens it. A `status` stated with it is set instead.

    Raises Invalid for an unknown status.
    """
    permit(by, "ticket.update", ticket)
    if status is not None:
        _check_status(status)
    ticket = transaction.held(ticket)
    return _save_snooze(ticket, lifecycle.snooze(_standing(ticket), until, at, status), by=by, at=at)


@transaction.atomic
def unsnooze(*, ticket: Ticket, by: Actor, at: datetime) -> Ticket:
    """The moment of a snooze has come: a ticket on hold is open again."""
    permit(by, "ticket.update", ticket)
    ticket = transaction.held(ticket)
    if ticket.snoozed_until is None or ticket.snoozed_until > at:
        return ticket
    return _save_snooze(ticket, lifecycle.unsnooze(_standing(ticket), at), by=by, at=at)


@transaction.atomic
def assign(*, ticket: Ticket, to: User | None = None, team: Team | None = None, by: Actor, at: datetime) -> Ticket:
    """Give a ticket to a member or a team, or to no one. Raises Invalid for someone outside the workspace."""
    permit(by, "ticket.update", ticket)
    _check_assignee(ticket.workspace_id, to, team)
    ticket = transaction.held(ticket)
    if ticket.assignee_id == (to.pk if to else None) and ticket.team_id == (team.pk if team else None):
        return ticket
    before = ticket.assignee_id
    ticket.assignee, ticket.team, ticket.updated_at = to, team, at
    ticket.save(update_fields=["assignee", "team", "updated_at"])
    journal.record(
        events.TICKET_ASSIGNED, ticket, by=by, at=at, assignee_id=ticket.assignee_id, team_id=ticket.team_id,
        previous_assignee_id=before,
    )  # fmt: skip
    return ticket


@transaction.atomic
def unassign_member(*, workspace: Workspace, user: User, by: Actor, at: datetime) -> int:
    """Unassign every ticket that a member has in the workspace, resolved ones too; teams stay. Returns how many."""
    permit(by, "ticket.update")
    count = 0
    # The workspace that the verb was permitted in; rows are held in the order of their ids, as everywhere.
    held = Ticket.objects.select_for_update(no_key=True).filter(workspace=workspace, assignee=user)
    while batch := list(held.order_by("pk")[:UNASSIGNED_AT_ONCE]):
        held.filter(pk__in=[row.pk for row in batch]).update(assignee=None, updated_at=at)
        lines = ((row, {"assignee_id": None, "team_id": row.team_id, "previous_assignee_id": user.pk}) for row in batch)
        journal.record_each(events.TICKET_ASSIGNED, lines, by=by, at=at)
        count += len(batch)
    return count


@transaction.atomic
def move_team(*, workspace: Workspace, team: Team, to: Team | None, by: Actor, at: datetime) -> int:
    """Give every ticket of a team to another one, or to none, resolved ones too; members stay. Returns how many."""
    permit(by, "ticket.update")
    count, to_id = 0, to.pk if to is not None else None
    held = Ticket.objects.select_for_update(no_key=True).filter(workspace=workspace, team=team)
    while batch := list(held.order_by("pk")[:UNASSIGNED_AT_ONCE]):
        held.filter(pk__in=[row.pk for row in batch]).update(team=to, updated_at=at)
        lines = (
            (row, {"assignee_id": row.assignee_id, "team_id": to_id, "previous_assignee_id": row.assignee_id})
            for row in batch
        )
        journal.record_each(events.TICKET_ASSIGNED, lines, by=by, at=at)
        count += len(batch)
    return count


@transaction.atomic
def set_priority(*, ticket: Ticket, priority: str | None, by: Actor, at: datetime) -> Ticket:
    """Set or clear the priority. Raises Invalid for an unknown one."""
    permit(by, "ticket.update", ticket)
    _check_priority(priority)
    ticket = transaction.held(ticket)
    if ticket.priority == (priority or None):
        return ticket
    before, ticket.priority, ticket.updated_at = ticket.priority, priority or None, at
    ticket.save(update_fields=["priority", "updated_at"])
    journal.record(events.TICKET_PRIORITY_CHANGED, ticket, by=by, at=at, priority=ticket.priority, previous=before)
    return ticket


@transaction.atomic
def replace_tag(*, ticket: Ticket, name: str, by_name: str | None, by: Actor, at: datetime) -> Ticket:
    """Put another tag into the place of one, whatever its case, or take it away."""
    permit(by, "ticket.update", ticket)
    ticket = transaction.held(ticket)
    wanted = tags.normal(tags.replaced(ticket.tags, name, by_name))
    return set_tags(ticket=ticket, names=wanted, by=by, at=at)


@transaction.atomic
def set_tags(*, ticket: Ticket, names: Sequence[str], by: Actor, at: datetime) -> Ticket:
    """Replace the tags: trimmed, lower-cased, each once."""
    permit(by, "ticket.update", ticket)
    wanted = tags.check(tags.normal(names))
    ticket = transaction.held(ticket)
    if ticket.tags == wanted:
        return ticket
    before, ticket.tags, ticket.updated_at = ticket.tags, wanted, at
    ticket.save(update_fields=["tags", "updated_at"])
    tags.remember(ticket.workspace_id, wanted, at)
    journal.record(
        events.TICKET_TAGGED,
        ticket,
        by=by,
        at=at,
        added=sorted({*wanted} - {*before}),
        removed=sorted({*before} - {*wanted}),
    )
    return ticket


@transaction.atomic
def update(
    *,
    ticket: Ticket,
    subject: str = UNSET,
    anonymous_traits: dict[str, Any] = UNSET,
    ai_resolved: bool = UNSET,
    escalation_reason: str | None = UNSET,
    sla_due_at: datetime | None = UNSET,
    session_id: str | None = UNSET,
    session_context: dict[str, Any] = UNSET,
    by: Actor,
    at: datetime,
) -> Ticket:
    """Change the fields that have no verb of their own; one left out stays as it is."""
    permit(by, "ticket.update", ticket)
    ticket = transaction.held(ticket)
    given = {
        "subject": subject,
        "anonymous_traits": anonymous_traits,
        "ai_resolved": ai_resolved,
        "escalation_reason": escalation_reason,
        "sla_due_at": sla_due_at,
        "session_id": session_id,
        "session_context": session_context,
    }
    changed = changes.change(ticket, given, unset=UNSET)
    if not changed:
        return ticket
    ticket.updated_at = at
    ticket.save(update_fields=[*changed, "updated_at"])
    if "sla_due_at" in changed:
        due_at = ticket.sla_due_at.isoformat() if ticket.sla_due_at else None
        journal.record(events.TICKET_UPDATED, ticket, by=by, at=at, fields=changed, due_at=due_at)
    else:
        journal.record(events.TICKET_UPDATED, ticket, by=by, at=at, fields=changed)
    return ticket


@transaction.atomic
def erase(*, ticket: Ticket, is_shared: bool = False, by: Actor, at: datetime) -> Ticket:
    """Erase the words of a ticket; of one that is shared with other customers, what may be of the one that is erased."""
    permit(by, "ticket.erase", ticket)
    ticket, had_notes = transaction.held(ticket), 0
    given: dict[str, Any] = {
        "anonymous_traits": {},
        "last_message_text": None,
        "session_id": None,
        "session_context": {},
    }
    if not is_shared:
        given |= {"subject": "", "escalation_reason": None, "attributes": {}}
        had_notes = TicketNote.objects.filter(ticket=ticket).delete()[0]
    changed = changes.change(ticket, given, unset=UNSET)
    if changed or had_notes:
        ticket.updated_at = at
        ticket.save(update_fields=[*changed, "updated_at"])
        journal.record(events.TICKET_ERASED, ticket, by=by, at=at)
    return ticket


@transaction.atomic
@writing.together()
def note_message(*, ticket_id: int, text: str, from_customer: bool, by: Actor, at: datetime) -> Ticket:
    """A public message was written in a linked conversation: update the summary, and reopen what a customer answers.

    Called by the conversation verbs, which have permitted the message itself.
    """
    ticket = _held.first(pk=ticket_id)
    assert ticket is not None  # a conversation that points at it is held
    ticket.message_count += 1
    ticket.last_message_at = ticket.updated_at = at
    ticket.last_message_text = text[:MESSAGE_CUT]
    if from_customer:
        ticket.unread_team_count += 1
    else:
        ticket.unread_customer_count += 1
    writing.update(ticket, [*SUMMARY_FIELDS, "updated_at"])
    if from_customer:
        unread.forget(ticket.workspace_id)
    journal.record(events.TICKET_MESSAGED, ticket, by=by, at=at, from_customer=from_customer)
    if not from_customer:
        return ticket  # The team's own message leaves the status as it is.
    return _save_snooze(ticket, lifecycle.on_customer_message(_standing(ticket), at), by=by, at=at)


@transaction.atomic
@writing.together()
def recount(
    *,
    ticket: Ticket,
    summary: MessageSummary,
    is_change: bool,
    linked_id: int | None = None,
    unlinked_id: int | None = None,
    by: Actor,
    at: datetime,
) -> Ticket:
    """Set the summary of messages after a conversation was linked or unlinked (`is_change`: `updated_at` moves) or read.

    The ticket's history shows the conversation whose id is `linked_id` or `unlinked_id`.
    Called by the conversation verbs, which hold the ticket's row and have permitted the act itself.
    """
    if not changes.change(ticket, asdict(summary), unset=UNSET) and not is_change:
        return ticket
    ticket.updated_at = at if is_change else ticket.updated_at
    writing.update(ticket, [*SUMMARY_FIELDS, "updated_at"])
    unread.forget(ticket.workspace_id)
    count = ticket.message_count
    if linked_id is not None:
        journal.record(events.TICKET_RECOUNTED, ticket, by=by, at=at, message_count=count, linked_id=linked_id)
    elif unlinked_id is not None:
        journal.record(events.TICKET_RECOUNTED, ticket, by=by, at=at, message_count=count, unlinked_id=unlinked_id)
    else:
        journal.record(events.TICKET_RECOUNTED, ticket, by=by, at=at, message_count=count)
    return ticket


@transaction.atomic
def mark_read(*, ticket: Ticket, by: Actor, at: datetime) -> Ticket:
    """The team has seen the ticket; `updated_at` stays."""
    permit(by, "ticket.mark_read", ticket)
    ticket = transaction.held(ticket)
    if ticket.unread_team_count:
        ticket.unread_team_count, ticket.team_read_at = 0, at
        ticket.save(update_fields=["unread_team_count", "team_read_at"])
        unread.forget(ticket.workspace_id)
        journal.record(events.TICKET_READ, ticket, by=by, at=at)
    return ticket


@transaction.atomic
def delete(*, ticket: Ticket, by: Actor, at: datetime) -> None:
    """Delete a ticket. The caller unlinks its conversations first."""
    permit(by, "ticket.update", ticket)
    ticket = transaction.held(ticket)
    journal.record(events.TICKET_DELETED, ticket, by=by, at=at, number=ticket.number)
    NUMBERS.move(ticket.workspace_id, ticket.status, None)
    unread.forget(ticket.workspace_id)
    TicketNote.objects.filter(ticket=ticket).delete()
    ticket.delete()


@compiled
def _held(*, pk: int) -> QuerySet[Ticket]:
    return Ticket.objects.select_for_update(no_key=True).filter(pk=pk).order_by("pk")[:1]


def _standing(ticket: Ticket) -> lifecycle.Standing:
    return lifecycle.Standing(ticket.status, ticket.snoozed_until, ticket.resolved_at)


def _stand(ticket: Ticket, standing: lifecycle.Standing, *, by: Actor, at: datetime) -> Ticket:
    before = ticket.status
    ticket.status, ticket.snoozed_until, ticket.resolved_at = astuple(standing)
    ticket.updated_at = at
    ticket.save(update_fields=["status", "snoozed_until", "resolved_at", "updated_at"])
    if before != ticket.status:
        NUMBERS.move(ticket.workspace_id, before, ticket.status)
        if TicketStatus.RESOLVED in (before, ticket.status):
            unread.forget(ticket.workspace_id)
        journal.record(events.TICKET_STATUS_CHANGED, ticket, by=by, at=at, status=ticket.status, previous=before)
    return ticket


def _save_snooze(ticket: Ticket, standing: lifecycle.Standing, *, by: Actor, at: datetime) -> Ticket:
    before = _standing(ticket)
    if standing == before:
        return ticket
    ticket = _stand(ticket, standing, by=by, at=at)
    if before.snoozed_until != standing.snoozed_until:
        until = standing.snoozed_until.isoformat() if standing.snoozed_until else None
        journal.record(events.TICKET_SNOOZED, ticket, by=by, at=at, until=until)
    return ticket


def _check_status(status: str) -> None:
    if status not in TicketStatus.values:
        raise Invalid(f"status must be one of {', '.join(TicketStatus.values)}", field="status")


def _check_priority(priority: str | None) -> None:
    if priority and priority not in TicketPriority.values:
        raise Invalid(f"priority must be one of {', '.join(TicketPriority.values)}, or empty", field="priority")


def _check_assignee(workspace_id: int, user: User | None, team: Team | None) -> None:
    if user is not None and team is not None:
        raise Invalid("a ticket is assigned to a person or a team, not both", field="assignee")
    if user is not None and not Membership.objects.filter(workspace_id=workspace_id, user=user).exists():
        raise Invalid("the assignee is not a member of this workspace", field="assignee")
    if team is not None and team.workspace_id != workspace_id:
        raise Invalid("the team is not in this workspace", field="assignee")
