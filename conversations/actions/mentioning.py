"""What a written text names: members by `@` in notes, and other conversations by `#`. Shared by the verbs that write.

The verbs that call this hold the conversation's row.
"""

from __future__ import annotations

from datetime import datetime

from accounts import journal, transaction, writing
from accounts.models import Membership, Team
from accounts.permissions import Actor
from conversations import events
from conversations.models import Conversation, Mention, Message
from conversations.texts import mentions
from conversations.texts.names import first_name
from tickets import events as ticket_events
from tickets.models import TicketNote


def note_names(message: Message, conversation: Conversation, *, by: Actor, at: datetime) -> None:
    """Record the members whom a note mentions, each once and never its writer; a team stands for its members."""
    text = message.body or ""
    if not mentions.may_mention(text):
        return
    found = mentions.mentioned(text, _names())
    found -= {by.user_id, message.sender_user_id}
    if not found:
        return
    writing.send()  # the message has its id from here on
    known = {*Mention.objects.filter(message=message).values_list("user_id", flat=True)}
    for user_id in sorted(found - known):
        writing.insert(
            Mention(
                workspace_id=conversation.workspace_id,
                conversation=conversation,
                message=message,
                user_id=user_id,
                created_at=at,
            )
        )
        journal.record(
            events.CONVERSATION_MENTIONED, conversation, by=by, at=at, user_id=user_id, message_id=message.pk
        )


def ticket_note_names(note: TicketNote, *, by: Actor, at: datetime) -> None:
    """Record the members whom a ticket's own note mentions, likewise: the journal keeps whom it has mentioned before."""
    if not mentions.may_mention(note.body):
        return
    found = mentions.mentioned(note.body, _names()) - {by.user_id, note.author_id}
    if not found:
        return
    lines = journal.lines_of(note.ticket).filter(type=ticket_events.TICKET_MENTIONED.name, data__note_id=note.pk)
    known = {line.data["user_id"] for line in lines}
    for user_id in sorted(found - known):
        journal.record(ticket_events.TICKET_MENTIONED, note.ticket, by=by, at=at, user_id=user_id, note_id=note.pk)


def note_numbers(message: Message, conversation: Conversation, *, by: Actor, at: datetime) -> None:
    """Record in the conversations that a text names that they are named here, in each once.

    Those that the actor does not see are left alone.
    """
    numbers = [one for one in mentions.numbers(message.body or "") if one != conversation.number]
    if not numbers:
        return
    writing.send()
    named = Conversation.objects.filter(number__in=numbers).only("workspace", "number").order_by("pk")
    for row in named:
        if not transaction.sees(by, row):
            continue
        lines = journal.lines_of(row).filter(type=events.CONVERSATION_NAMED.name)
        if not lines.filter(data__from_id=conversation.pk).exists():
            journal.record(
                events.CONVERSATION_NAMED, row, by=by, at=at, from_id=conversation.pk, number=conversation.number
            )


def _names() -> dict[str, set[int]]:
    """Everybody whom one may mention: active members, and teams."""
    members = Membership.objects.filter(user__is_active=True).order_by("pk")
    people = [*members.values_list("user_id", "user__name", "user__email")]
    names = mentions.by_name(people, [(pk, first_name(name)) for pk, name, _ in people])
    active = {pk for pk, _, _ in people}
    for team in Team.objects.prefetch_related("members").order_by("pk"):
        ids = {person.pk for person in team.members.all()} & active
        if (name := mentions.plain(team.name)) and ids:
            names[name] = names.get(name, set()) | ids
    return names
