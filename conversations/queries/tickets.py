"""Questions about tickets and the conversations that are linked to them, in the open workspace scope."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.db.models import F, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from accounts.compiled import compiled, printing
from accounts.errors import NotFound
from accounts.models import Event
from accounts.permissions import Actor
from accounts.text import is_digits, uuid_or_none, whole_number
from accounts.windows import window
from conversations import events
from conversations.models import Contact, Conversation, Message, MessageKind, SavedView, SenderKind, ViewSubject
from conversations.models.conversation import ConversationQuerySet
from conversations.models.saved_view import SavedViewQuerySet
from conversations.models.searched import TokensQuery
from conversations.queries import patterns
from conversations.queries import search as search_queries
from conversations.queries.conversations import with_address
from conversations.texts.validation import can_be_kept
from tickets import events as ticket_events
from tickets.models import Ticket, TicketNote, TicketQuerySet
from tickets.queries import HIGHEST_NUMBER

# What was linked before links had a moment counts as linked first.
PRIMARY_FIRST = (F("ticket_linked_at").asc(nulls_first=True), "pk")


def primaries(tickets: Iterable[Ticket], columns: tuple[str, ...] | None = None) -> dict[int, Conversation]:
    """Each ticket's primary conversation with its contact, or with these columns alone, by the ticket's primary key: one query for any number."""
    rows = _primaries.rows(columns, tickets=[ticket.pk for ticket in tickets])
    return {row.ticket_id: row for row in rows if row.ticket_id is not None}


@compiled
def _primaries(columns: tuple[str, ...] | None, *, tickets: list[int]) -> QuerySet[Conversation]:
    rows = Conversation.objects.filter(ticket__any_of=tickets)
    rows = printing(rows, columns) if columns else rows.select_related("contact")
    return rows.order_by("ticket_id", *PRIMARY_FIRST).distinct("ticket_id")


def linked(ticket: Ticket) -> ConversationQuerySet:
    """The ticket's conversations, the primary one first."""
    rows = cast(ConversationQuerySet, Conversation.objects.get_queryset())
    return rows.with_people().filter(ticket=ticket).order_by(*PRIMARY_FIRST)


def public_messages(ticket: Ticket) -> QuerySet[Message]:
    """The messages between customers and the team in any of the ticket's conversations, oldest first."""
    return Message.objects.filter(conversation__ticket=ticket, kind=MessageKind.MESSAGE).order_by("created_at", "id")


def entries(ticket: Ticket | int) -> QuerySet[Message]:
    """Messages and private notes of all conversations of a ticket, or of the id of one, oldest first."""
    rows = Message.objects.filter(conversation__ticket=ticket, kind__in=(MessageKind.MESSAGE, MessageKind.NOTE))
    return rows.order_by("created_at", "id")


@compiled
def first_entries(columns: tuple[str, ...], limit: int, *, ticket: int) -> QuerySet[Message]:
    """The oldest of a ticket's `entries`, with these columns alone."""
    return entries(ticket).only(*columns)[:limit]


def entry(ticket: Ticket, public_id: uuid.UUID) -> Message:
    """A message or note of the ticket. Raises NotFound."""
    found = entries(ticket).select_related("conversation").filter(public_id=public_id).first()
    if found is None:
        raise NotFound("there is no such message on this ticket")
    return found


def own_notes(ticket_id: int) -> list[Message]:
    """The ticket's own notes as its `entries` are printed, oldest first."""
    return list(map(as_entry, _own_notes.rows(ticket=ticket_id)))


@compiled
def _own_notes(*, ticket: int) -> QuerySet[TicketNote]:
    return TicketNote.objects.filter(ticket=ticket).order_by("pk")


def as_entry(note: TicketNote) -> Message:
    """A ticket's own note as a message that is not stored."""
    return Message(
        public_id=note.public_id,
        kind=MessageKind.NOTE,
        body=note.body,
        metadata=note.metadata,
        sender_kind=SenderKind.AGENT,
        sender_name=note.author_name,
        created_at=note.created_at,
    )


class WithNotes:
    """A ticket's `entries` with its own notes among them, to be counted and sliced."""

    def __init__(self, rows: QuerySet[Message], notes: Sequence[Message]) -> None:
        self.rows, self.notes = rows, notes

    def count(self) -> int:
        """How many there are of both."""
        return self.rows.count() + len(self.notes)

    def __getitem__(self, wanted: slice) -> list[Message]:
        # No more notes than there are stand before a place: what is that far before it is enough to find it.
        first = max(0, wanted.start - len(self.notes))
        rows = window(self.rows, first, wanted.stop - first)
        merged = sorted([*rows, *self.notes], key=lambda row: row.created_at)
        return merged[wanted.start - first : wanted.stop - first]


def own_note(ticket: Ticket, public_id: uuid.UUID) -> TicketNote | None:
    """One of the ticket's own notes."""
    return TicketNote.objects.filter(ticket=ticket, public_id=public_id).first()


def wrote(actor: Actor, note: Message | TicketNote) -> bool:
    """Whether the actor wrote the note, as the journal has it: names are not unique."""
    if isinstance(note, TicketNote):
        written, about = ticket_events.TICKET_NOTE_ADDED, {"subject_id": note.ticket_id, "data__note_id": note.pk}
    else:
        written, about = events.NOTE_ADDED, {"subject_id": note.conversation_id, "data__message_id": note.pk}
    return Event.objects.filter(
        workspace_id=note.workspace_id,
        subject_type=written.subject,
        type=written.name,
        actor_kind=actor.kind,
        actor_id=actor.id,
        **about,
    ).exists()


def of_people(rows: TicketQuerySet, *, references: Sequence[str] = (), emails: Sequence[str] = ()) -> TicketQuerySet:
    """Tickets with a conversation of any of these people: by an id that callers know them by or the desk's, or by email."""
    ids = [found for reference in references if (found := uuid_or_none(reference)) is not None]
    wanted = Q(external_id__in=references) | Q(public_id__in=ids) | Q(email__in=emails)
    # The ids of a contact that was merged lead to the one that has its conversations.
    contacts: QuerySet[Any, Any] = Contact.objects.filter(wanted).order_by().values(has=Coalesce("merged_into", "pk"))
    if emails:
        contacts = contacts.union(with_address(emails))
    return rows.filter(pk__in=_tickets_of(Conversation.objects.filter(contact__in=contacts)))


def matching(rows: TicketQuerySet, search: str) -> TicketQuerySet:
    """Those of the rows that a search looks for; see `looked_for`."""
    values = looked_for(search)
    return rows.filter(pk__in=found_by(**values)) if values else rows.none()


def looked_for(search: str) -> dict[str, Any]:
    """What `found_by` compares tickets with, which may be a value of a compiled query set; nothing where none can be found.

    Tickets are found by number, or by what the customer is called, what a conversation is about, or what was written in it:
    any part of a name, an address, a title, a message or a note; of messages and notes also the words in another order.
    """
    text = search.strip()
    digits = text.removeprefix("#")
    if is_digits(digits):
        number = whole_number(digits, most=HIGHEST_NUMBER)
        return {} if number is None else {"number": number}
    if not can_be_kept(text):
        return {}
    inside, asked = search_queries.inside(text), TokensQuery.of(text)
    words = asked.asked if asked is not None else None
    others = inside
    if inside is not None and words is not None:
        # What holds the words is found already.
        others = f"({inside}) & !({words})" if inside != words else None
    return {
        "pattern": patterns.within(text),
        "words": words,
        "inside": None if inside is None else search_queries.or_cut(inside),
        "others": None if inside is None else search_queries.or_cut(others),
    }


def found_by(
    *,
    number: int | None = None,
    pattern: str | None = None,
    words: str | None = None,
    inside: str | None = None,
    others: str | None = None,
) -> QuerySet[Ticket, Any]:
    """The ids of the tickets of a number, or with a text in them; `looked_for` gives the values."""
    if number is not None:
        return Ticket.objects.filter(number=number).order_by().values("pk")
    texts = {"subject": F("subject"), "name": KT("anonymous_traits__name"), "email": KT("anonymous_traits__email")}
    own = Ticket.objects.alias(**{f"{name}_text": text for name, text in texts.items()})
    own = own.filter(Q(*((f"{name}_text__like_in_any_case", pattern) for name in texts), _connector=Q.OR))
    titled = Conversation.objects.filter(subject__like_in_any_case=pattern)
    written = Message.objects.filter(kind__in=(MessageKind.MESSAGE, MessageKind.NOTE), body__like_in_any_case=pattern)
    if inside is not None and others is not None:  # No index finds a shorter text: all that was written is read.
        titled, written = titled.filter(tokens=TokensQuery(inside)), written.filter(tokens=TokensQuery(others))
    # A UNION over one key: an OR across tables could use no index.
    noted = TicketNote.objects.filter(body__like_in_any_case=pattern).order_by().values("ticket")
    found = [_tickets_of(titled), _tickets_by(written), noted]
    if words is not None:
        found.append(_tickets_by(Message.objects.filter(tokens=TokensQuery(words))))
    return own.order_by().values("pk").union(*found)


def titled(text: str) -> QuerySet[Ticket]:
    """The tickets with a text in their title."""
    rows = Ticket.objects.get_queryset()
    return rows.filter(subject__like_in_any_case=patterns.within(text)) if can_be_kept(text) else rows.none()


def _tickets_by(messages: QuerySet[Message]) -> QuerySet[Message, Any]:
    """Of the conversations in which these were written."""
    return messages.filter(conversation__ticket__isnull=False).order_by().values("conversation__ticket")


def _tickets_of(rows: QuerySet[Conversation]) -> QuerySet[Conversation, Any]:
    return rows.filter(ticket__isnull=False).order_by().values("ticket")


# --- Saved views --------------------------------------------------------------------------------


def saved_views(actor: Actor) -> SavedViewQuerySet:
    """The views of tickets that the actor finds: own favourites first, then newest."""
    rows = cast(SavedViewQuerySet, SavedView.objects.get_queryset())
    return rows.filter(subject=ViewSubject.TICKET).visible_to(actor).favorites_first(actor)


def saved_view(actor: Actor, short_id: str) -> SavedView:
    """Raises NotFound, also for another's private view, and for one of conversations."""
    found = saved_views(actor).filter(short_id=short_id).first() if short_id.isalnum() else None
    if found is None:
        raise NotFound("there is no such view")
    return found
