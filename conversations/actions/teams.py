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
    """Have chat widgets, forms and the Discord bot give new conversations to another team, or to none. Returns how many."""
    permit(by, "conversation.assign")
    widgets = list(Widget.objects.select_for_update(no_key=True, of=("self",)).filter(team=team).order_by("pk"))
    for widget in widgets:
        widget.team = to
        widget.save(update_fields=["team"])
        journal.record(events.WIDGET_UPDATED, widget, by=by, at=at, fields=["team"])
    forms = list(Form.objects.select_for_update(no_key=True, of=("self",)).filter(team=team).order_by("pk"))
    for form in forms:
        form.team = to
        form.save(update_fields=["team"])
        journal.record(events.FORM_UPDATED, form, by=by, at=at, fields=["team"])
    # The bot has no event of its own for this: that the team was deleted says it.
    bots = DiscordBot.objects.filter(workspace=workspace, team=team).update(team=to)
    return len(widgets) + len(forms) + bots


@transaction.atomic
def move_team_of_mailboxes(*, workspace: Workspace, team: Team, to: Team | None, by: Actor, at: datetime) -> int:
    """Have mailboxes give new conversations to another team, or to none. Returns how many."""
    permit(by, "conversation.assign")
    mailboxes = list(Mailbox.objects.select_for_update(no_key=True, of=("self",)).filter(team=team).order_by("pk"))
    for mailbox in mailboxes:
        mailbox.team = to
        mailbox.save(update_fields=["team"])
        journal.record(events.MAILBOX_UPDATED, mailbox, by=by, at=at, fields=["team"])
    return len(mailboxes)
