"""Triage: assignee, priority, tags, subject, and marking as read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accounts import journal, transaction
from accounts.errors import Invalid
from accounts.models import Membership, Team, User, Workspace
from accounts.permissions import Actor, Role, permit
from conversations import events, priorities
from conversations.actions import locking, ticket_counts
from conversations.actions.start import check_priority
from conversations.models import Conversation, Handler
from conversations.texts import validation
from tickets import tags as labels

UNASSIGNED_AT_ONCE = 1000


@transaction.atomic
def assign(
    *,
    conversation: Conversation,
    to: User | None = None,
    team: Team | None = None,
    reference: str | None = None,
    label: str | None = None,
    keeps_team: bool = False,
    by: Actor,
    at: datetime,
) -> Conversation:
    """Give a conversation to a member, a team, or no one; with `keeps_team` the team stays where only a member is named.

    `reference` and `label` keep an assignee as an API caller named it, whether or not it names a member. Raises
    Invalid for a person outside the workspace, or one who may not answer.
    """
    permit(by, "conversation.assign", conversation)
    if to is not None:
        answers = Membership.objects.filter(workspace_id=conversation.workspace_id, user=to)
        if not answers.exclude(role=Role.VIEWER).exists():
            raise Invalid("the assignee is not an agent of this workspace", field="assignee")
    if team is not None and team.workspace_id != conversation.workspace_id:
        raise Invalid("the team is not in this workspace", field="team")
    conversation = locking.locked(conversation)
    if keeps_team and to is not None and team is None:
        team = conversation.team
    now = (conversation.assignee_id, conversation.team_id, conversation.assignee_reference, conversation.assignee_label)
    wanted = (to.pk if to else None, team.pk if team else None, reference, label)
    if now == wanted:
        return conversation
    conversation.assignee, conversation.team = to, team
    conversation.assignee_reference, conversation.assignee_label = reference, label
    conversation.updated_at = at
    conversation.save(update_fields=["assignee", "team", "assignee_reference", "assignee_label", "updated_at"])
    journal.record(
        events.CONVERSATION_ASSIGNED,
        conversation,
        by=by,
        at=at,
        assignee_id=wanted[0],
        team_id=wanted[1],
        previous_assignee_id=now[0],
        previous_team_id=now[1],
    )
    return conversation


@transaction.atomic
def claim(*, conversation: Conversation, by: Actor, at: datetime) -> Conversation:
    """Give an unassigned conversation to the member who acts, who begins to answer it; one that is somebody's stays theirs."""
    permit(by, "conversation.assign", conversation)
    conversation = locking.locked(conversation)
    to = User.objects.filter(pk=by.user_id).first() if conversation.is_unassigned and by.user_id else None
    if to is None or conversation.is_done:
        return conversation
    return assign(conversation=conversation, to=to, team=conversation.team, by=by, at=at)


@transaction.atomic
def unassign_member(*, workspace: Workspace, user: User, by: Actor, at: datetime) -> int:
    """Unassign every conversation that a member has in the workspace, done ones too; teams stay. Returns how many."""
    permit(by, "conversation.assign")
    count = 0
    # The workspace that the verb was permitted in; rows are held in the order of their ids, as everywhere.
    held = Conversation.objects.select_for_update(no_key=True, of=("self",)).filter(workspace=workspace, assignee=user)
    while batch := list(held.order_by("pk")[:UNASSIGNED_AT_ONCE]):
        held.filter(pk__in=[row.pk for row in batch]).update(
            assignee=None, assignee_reference=None, assignee_label=None, updated_at=at
        )
        lines = ((row, {"assignee_id": None, "team_id": row.team_id, "previous_assignee_id": user.pk}) for row in batch)
        journal.record_each(events.CONVERSATION_ASSIGNED, lines, by=by, at=at)
        count += len(batch)
    return count


@transaction.atomic
def set_priority(*, conversation: Conversation, priority: str, by: Actor, at: datetime) -> Conversation:
    """Set the priority, any text of 1 to 32 characters. Raises Invalid."""
    permit(by, "conversation.update", conversation)
    check_priority(priority)
    conversation = locking.locked(conversation)
    if conversation.priority == priority:
        return conversation
    before, conversation.priority = conversation.priority, priority
    conversation.priority_rank = priorities.rank(priority)
    conversation.updated_at = at
    conversation.save(update_fields=["priority", "priority_rank", "updated_at"])
    journal.record(events.CONVERSATION_PRIORITY_CHANGED, conversation, by=by, at=at, priority=priority, previous=before)
    return conversation


@transaction.atomic
def set_tags(*, conversation: Conversation, names: Sequence[str], by: Actor, at: datetime) -> Conversation:
    """Replace the tags, kept as given. Raises Invalid for a tag over 100 characters or more than 100 of them."""
    permit(by, "conversation.update", conversation)
    wanted = labels.check(names)
    for name in wanted:
        validation.check(name, "tags", longest=labels.MAX_LENGTH, blank=True)
    return _tag(locking.locked(conversation), wanted, by=by, at=at)


@transaction.atomic
def change_tags(
    *, conversation: Conversation, add: Sequence[str] = (), remove: Sequence[str] = (), by: Actor, at: datetime
) -> Conversation:
    """Add tags that the conversation has not, and remove some, compared without case. Raises Invalid as `set_tags` does."""
    permit(by, "conversation.update", conversation)
    for name in labels.check(add):
        validation.check(name, "tags", longest=labels.MAX_LENGTH)
    conversation = locking.locked(conversation)
    gone, there = {labels.key(name) for name in remove}, {labels.key(name) for name in conversation.tags}
    kept = [name for name in conversation.tags if labels.key(name) not in gone]
    new = [name for name in labels.unique(add) if labels.key(name) not in there | gone]
    return _tag(conversation, labels.check([*kept, *new]), by=by, at=at)


def _tag(conversation: Conversation, wanted: list[str], *, by: Actor, at: datetime) -> Conversation:
    if conversation.tags == wanted:
        return conversation
    before, conversation.tags, conversation.updated_at = conversation.tags, wanted, at
    conversation.save(update_fields=["tags", "updated_at"])
    labels.remember(conversation.workspace_id, wanted, at)
    added, removed = sorted({*wanted} - {*before}), sorted({*before} - {*wanted})
    journal.record(events.CONVERSATION_TAGGED, conversation, by=by, at=at, added=added, removed=removed)
    return conversation


@transaction.atomic
def edit_subject(*, conversation: Conversation, subject: str, by: Actor, at: datetime) -> Conversation:
    """Change the subject. Raises Invalid when it is blank or too long."""
    permit(by, "conversation.update", conversation)
    validation.check(subject, "subject", longest=validation.SUBJECT_LIMIT)
    conversation = locking.locked(conversation)
    if conversation.subject == subject:
        return conversation
    conversation.subject, conversation.updated_at = subject, at
    conversation.save(update_fields=["subject", "updated_at"])
    journal.record(events.CONVERSATION_SUBJECT_CHANGED, conversation, by=by, at=at)
    return conversation


@transaction.atomic
def mark_unread(*, conversation: Conversation, by: Actor, at: datetime) -> Conversation:
    """Mark the customer's last message as unread again; neither the thread nor `updated_at` changes.

    Nothing is done where it is unread, or where the customer has written nothing, and for spam.
    """
    permit(by, "conversation.mark_read", conversation)
    conversation = locking.locked(conversation)
    if conversation.unread_count or conversation.last_inbound_at is None or conversation.handler == Handler.NOBODY:
        return conversation
    conversation.unread_count = 1
    conversation.save(update_fields=["unread_count"])
    ticket_counts.after_reading(conversation, by=by, at=at)
    journal.record(events.CONVERSATION_MARKED_UNREAD, conversation, by=by, at=at)
    return conversation


@transaction.atomic
def mark_read(*, conversation: Conversation, by: Actor, at: datetime) -> Conversation:
    """Mark the customer's messages as read; neither the thread nor `updated_at` changes."""
    permit(by, "conversation.mark_read", conversation)
    if not conversation.unread_count:
        return conversation
    conversation = locking.locked(conversation)
    if conversation.unread_count:
        conversation.unread_count = 0
        conversation.save(update_fields=["unread_count"])
        ticket_counts.after_reading(conversation, by=by, at=at)
        journal.record(events.CONVERSATION_READ, conversation, by=by, at=at)
    return conversation
