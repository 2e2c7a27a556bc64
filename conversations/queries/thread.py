"""The thread of a conversation: its last entries, with the journal's lines among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts import journal
from accounts.compiled import Compiled, compiled, compiled_anywhere
from accounts.models import Event, Team, User
from accounts.permissions import Actor
from accounts.tenancy import current
from conversations import events
from conversations.models import (
    Attachment,
    Channel,
    Conversation,
    Delivery,
    Message,
)
from conversations.queries import mails
from conversations.queries.paging import beyond
from tickets.models import Ticket

LINES = (
    events.CONVERSATION_ASSIGNED.name,
    events.CONVERSATION_PRIORITY_CHANGED.name,
    events.CONVERSATION_TAGGED.name,
    events.CONVERSATION_SUBJECT_CHANGED.name,
    events.CONVERSATION_CC_CHANGED.name,
    events.CONVERSATION_SNOOZED.name,
    events.CONVERSATION_LINKED.name,
    events.CONVERSATION_UNLINKED.name,
    events.CALLBACK_MADE.name,
    events.CALLBACK_UNMADE.name,
    events.ASSISTANT_HANDED_OVER.name,
    events.ASSISTANT_TAKEN_OVER.name,
    events.MESSAGES_MOVED.name,
    events.CONVERSATION_SPLIT.name,
    events.CONVERSATION_JOINED.name,
    events.MESSAGES_ARRIVED.name,
    events.MOVE_UNDONE.name,
    events.SPAM_MARKED.name,
    events.SPAM_UNMARKED.name,
    events.SPAM_UNDONE.name,
    events.CONVERSATION_NAMED.name,
    events.CONVERSATION_FORWARDED.name,
    events.MESSAGE_REDACTED.name,
    events.CONVERSATION_TRASHED.name,
    events.CONVERSATION_RESTORED.name,
)
"""The journal's events that a thread shows as one grey line each; status changes are entries of the thread itself."""
UNDOABLE = (
    events.CONVERSATION_STATUS_CHANGED.name,
    events.CONVERSATION_SNOOZED.name,
    events.MESSAGES_MOVED.name,
    events.CONVERSATION_SPLIT.name,
    events.CONVERSATION_JOINED.name,
    events.CONVERSATIONS_MERGED.name,
    events.SPAM_MARKED.name,
    events.SPAM_UNMARKED.name,
    events.MACRO_APPLIED.name,
)
"""The changes that `actions.undo` takes back, and beside them those of TRIAGE."""
TRIAGE = (
    events.CONVERSATION_ASSIGNED.name,
    events.CONVERSATION_PRIORITY_CHANGED.name,
    events.CONVERSATION_TAGGED.name,
)
"""Changes of one field, which may also be what another change has brought about."""
REARRANGING = frozenset(
    kind.name
    for kind in (
        events.MESSAGES_MOVED,
        events.CONVERSATION_SPLIT,
        events.CONVERSATION_JOINED,
        events.MESSAGES_ARRIVED,
        events.MOVE_UNDONE,
    )
)
"""The events after which other messages are in the thread: what is on screen is not only added to."""


CHANGING = frozenset(
    kind.name
    for kind in (
        events.NOTE_EDITED,
        events.NOTE_DELETED,
        events.MESSAGE_EDITED,
        events.MESSAGE_WITHDRAWN,
        events.MESSAGE_REDACTED,
        events.CONVERSATION_ERASED,
    )
)
"""The events after which a message that is on screen reads otherwise."""
_JOURNALED = (*LINES, *sorted(CHANGING - {*LINES}))


@dataclass(frozen=True, slots=True)
class Line:
    """A grey line: what happened, who did it, and whom and what it names, as far as those still exist."""

    event: Event
    actor: User | None
    to: User | None
    team: Team | None = None
    ticket: Ticket | None = None

    @property
    def cause(self) -> str:
        """The type of the event that brought it about, if one did."""
        return cause_of(self.event)

    @property
    def at(self) -> datetime:
        return self.event.at


@dataclass(frozen=True, slots=True)
class Thread:
    """The last entries of a conversation, oldest first, with the grey lines that fell among them."""

    messages: Sequence[Message]
    """A status change has the type of the event that brought it about as its `cause`, if one did."""
    lines: Sequence[Line]
    has_older: bool
    last_event: int = 0
    is_changed: bool = False
    """Whether a message was changed or has gone among what happened."""
    is_erased: bool = False
    """Whether all of it was erased: whatever a page holds of the customer is out of date."""

    @property
    def is_rearranged(self) -> bool:
        """Whether messages have come from elsewhere, gone, or changed among what happened."""
        return self.is_changed or any(line.event.type in REARRANGING for line in self.lines)

    @property
    def items(self) -> list[Message | Line]:
        """Messages and lines in the order in which they happened."""
        moments = [(m.created_at, 1, m.pk, m) for m in self.messages] + [(x.at, 0, x.event.pk, x) for x in self.lines]
        return [item for *_, item in sorted(moments, key=lambda entry: entry[:3])]


def thread(conversation: Conversation, *, before: int | None = None, limit: int = 30) -> Thread:
    """The last page of a thread, or the page before a message id: four queries, however long it is, and one for its mails."""
    edge = _moment(before) if before is not None else None
    page = _messages.rows(limit + 1, conversation=conversation.pk, moment=edge, before=before if edge else None)
    has_older, page = len(page) > limit, page[:limit][::-1]
    happened = _journal.rows(
        200, conversation=conversation.pk, begin=page[0].created_at if has_older and page else None, end=edge
    )
    return Thread(
        messages=mails.with_mails(conversation, with_files(_with_causes(page, happened))),
        lines=_lines(conversation, happened[::-1]),
        has_older=has_older,
        last_event=happened[0].pk if happened else 0,
    )


def thread_since(conversation: Conversation, *, message: int, event: int, limit: int = 100) -> Thread:
    """What came after a message id and an event id, with the messages from that message on (it leads the new ones).

    Writing in a conversation is serial, so that within one conversation ids do grow in the order of commits. What was moved
    in or out has any ids: where a part `is_rearranged`, the thread is to be read anew.
    """
    page = sorted(
        _since.rows(limit, conversation=conversation.pk, begin=message), key=lambda row: (row.created_at, row.pk)
    )
    happened = _journal.rows(limit, conversation=conversation.pk, after=event)
    return Thread(
        messages=mails.with_mails(conversation, with_files(_with_causes(page, happened))),
        lines=_lines(conversation, happened[::-1]),
        has_older=False,
        last_event=happened[0].pk if happened else 0,
        is_changed=any(one.type in CHANGING for one in happened),
        is_erased=any(one.type == events.CONVERSATION_ERASED.name for one in happened),
    )


@compiled
def _messages(
    limit: int, *, conversation: int, moment: datetime | None = None, before: int | None = None
) -> QuerySet[Message]:
    """The newest messages first, with what a thread prints of them.

    By moment, then id: a message that was moved here stands where it was written, whatever its id.
    """
    rows = Message.objects.filter(conversation=conversation).select_related("sender_user")
    return beyond(rows, by="-created_at", moment=moment, pk=before).only(*_PRINTED)[:limit]


@compiled
def _since(limit: int, *, conversation: int, begin: int) -> QuerySet[Message]:
    """The messages that were written last, from that of an id on."""
    rows = Message.objects.filter(conversation=conversation, id__gte=begin).select_related("sender_user")
    return rows.order_by("-id").only(*_PRINTED)[:limit]


_PRINTED = (
    *("workspace", "conversation", "public_id", "kind", "body", "created_at", "delivery_status", "metadata"),
    *("sender_kind", "sender_user", "sender_contact", "sender_name", "sender_email"),
    *("sender_user__name", "sender_user__email", "sender_user__public_id", "sender_user__picture"),
)


def _moment(message: int) -> datetime | None:
    return Message.objects.filter(pk=message).values_list("created_at", flat=True).first()


@compiled
def _files(*, messages: list[int]) -> QuerySet[Attachment]:
    rows = Attachment.objects.filter(message__any_of=messages).order_by("id")
    return rows.only("message", "public_id", "name", "content_type", "size", "is_inline")


def with_files(page: list[Message], files: Compiled[Attachment] = _files) -> list[Message]:
    """The messages, each with its files as `files`: what a page shows of them, or what another query reads."""
    found: dict[int, list[Attachment]] = {message.pk: [] for message in page}
    for file in files.rows(messages=[*found]) if found else ():
        found[file.message_id].append(file)
    for message in page:
        message.files = found[message.pk]  # type: ignore[attr-defined]
    return page


@compiled
def _journal(
    limit: int,
    *,
    conversation: int,
    begin: datetime | None = None,
    end: datetime | None = None,
    after: int | None = None,
) -> QuerySet[Event]:
    """The newest events first, of those that a thread shows, and status changes that something brought about."""
    rows = Event.objects.filter(
        Q(type__in=_JOURNALED) | Q(type=_STATUS, caused_by__isnull=False),
        workspace=current(),
        subject_type="conversation",
        subject_id=conversation,
    ).annotate(cause=F("caused_by__type"))
    rows = rows.order_by("-id")
    if begin is not None:
        rows = rows.filter(at__gte=begin)
    if end is not None:
        rows = rows.filter(at__lt=end)
    if after is not None:
        rows = rows.filter(id__gt=after)
    return rows[:limit]


@compiled_anywhere
def _people(*, ids: list[int]) -> QuerySet[User]:
    return User.objects.filter(pk__any_of=ids).order_by("pk").only("name", "email")


_STATUS = events.CONVERSATION_STATUS_CHANGED.name


def cause_of(row: Event | Message) -> str:
    """The type of the event that brought an event of a thread, or a status change, about; "" where none did."""
    return getattr(row, "cause", None) or ""


def _with_causes(page: list[Message], happened: list[Event]) -> list[Message]:
    causes = {event.data.get("message_id"): cause_of(event) for event in happened if event.type == _STATUS}
    for message in page if causes else ():
        message.cause = causes.get(message.pk, "")  # type: ignore[attr-defined]
    return page


def change_to_undo(
    conversation: Conversation, *, by: Actor, since: datetime, of: Sequence[str] = UNDOABLE
) -> Event | None:
    """What the actor has changed since a moment and may take back (`actions.undo`), if anything."""
    changes = journal.lines_of(conversation).filter(type__in=of, actor_kind=by.kind, actor_id=by.id, at__gte=since)
    return changes.order_by("-id").first()


def _lines(conversation: Conversation, happened: list[Event]) -> list[Line]:
    happened = [event for event in happened if event.type in LINES]
    ids = {e.actor_id for e in happened if e.actor_kind == "operator"} | {e.data.get("assignee_id") for e in happened}
    ids.discard(None)
    people: dict[int | None, User] = {person.pk: person for person in _people.rows(ids=sorted(ids))} if ids else {}
    # Queried only where a line names one: most threads name neither a team nor a ticket.
    team_ids, ticket_ids = ({e.data[name] for e in happened if e.data.get(name)} for name in ("team_id", "ticket_id"))
    teams = Team.objects.in_bulk(team_ids) if team_ids else {}
    tickets = {conversation.ticket.pk: conversation.ticket} if conversation.ticket else {}
    if others := ticket_ids - set(tickets):
        tickets |= Ticket.objects.in_bulk(others)
    return [
        Line(
            event=event,
            actor=people.get(event.actor_id) if event.actor_kind == "operator" else None,
            to=people.get(event.data.get("assignee_id")),
            team=teams.get(event.data.get("team_id")),
            ticket=tickets.get(event.data.get("ticket_id")),
        )
        for event in happened
    ]


def message_of(event: Event) -> Message | None:
    """The message that an event tells of, with conversation and contact; None when it is gone. Loaded once for all who ask."""
    if "message" not in event.__dict__:
        rows = Message.objects.select_related("conversation__contact")
        event.__dict__["message"] = rows.filter(pk=event.data["message_id"]).first()
    message: Message | None = event.__dict__["message"]
    return message


def undelivered(events: Sequence[Event]) -> list[Message]:
    """The messages by mail that events of one workspace tell of, and that were never in the outbox: an earlier version wrote them."""
    return _undelivered.rows(messages=[event.data["message_id"] for event in events])


@compiled
def _undelivered(*, messages: list[int]) -> QuerySet[Message]:
    rows = Message.objects.filter(pk__any_of=messages, conversation__channel=Channel.EMAIL)
    return rows.exclude(Exists(Delivery.objects.filter(message=OuterRef("pk")))).order_by("pk")
