"""What teams have: given to another team, or to none, when one is deleted."""

from __future__ import annotations

from datetime import datetime

from accounts import journal, transaction
from accounts.models import Team, Workspace
from accounts.permissions import Actor, permit
from conversations import events
from conversations.models import Conversation, DiscordBot, Form, Mailbox, Widget

MOVED_AT_ONCE = 1000


@transaction.atomic
def move_team(*, workspace: Workspace, team: Team, to: Team | None, by: Actor, at: datetime) -> int:
    """Give every conversation of a team to another one, or to none, done ones too; members stay. Returns how many."""
    permit(by, "conversation.assign")
    count, to_id = 0, to.pk if to is not None else None
    held = Conversation.objects.select_for_update(no_key=True, of=("self",)).filter(workspace=workspace, team=team)
    while batch := list(held.order_by("pk")[:MOVED_AT_ONCE]):
        held.filter(pk__in=[row.pk for row in batch]).update(team=to, updated_at=at)
        lines = (
            (row, {"assignee_id": row.assignee_id, "team_id": to_id, "previous_assignee_id": row.assignee_id})
            for row in batch
        )
        journal.record_each(events.CONVERSATION_ASSIGNED, lines, by=by, at=at)
        count += len(batch)
    return count


@transaction.atomic
def move_team_of_channels(*, workspace: Workspace, team: Team, to: Team | None, by: Actor, at: datetime) -> int:
    """Have mailboxes, chat widgets, forms and the Discord bot give new conversations to another team, or to none."""
    permit(by, "conversation.assign")
    count = 0
    for model, event in (
        (Mailbox, events.MAILBOX_UPDATED),
        (Widget, events.WIDGET_UPDATED),
        (Form, events.FORM_UPDATED),
    ):
        rows = model.objects.select_for_update(no_key=True, of=("self",)).filter(workspace=workspace, team=team)
        for row in rows.order_by("pk"):
            row.team = to
            row.save(update_fields=["team"])
            journal.record(event, row, by=by, at=at, fields=["team"])
            count += 1
    # The bot has no event of its own for this: that the team was deleted says it.
    return count + DiscordBot.objects.filter(workspace=workspace, team=team).update(team=to)
