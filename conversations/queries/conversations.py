"""Questions about conversations, in the open workspace scope: rows fully loaded for any renderer, one plan for all."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.db.models import Q, QuerySet

from accounts import journal
from accounts.compiled import compiled, printing
from accounts.errors import NotFound
from accounts.models import Event, User
from accounts.tenancy import current
from accounts.text import uuid_or_none
from conversations import events
from conversations.models import (
    AddressKind,
    AssistantThread,
    Attachment,
    CallbackRequest,
    Contact,
    ContactAddress,
    Conversation,
    Delivery,
    DeliveryFile,
    DeliveryState,
    DraftFile,
    DraftKind,
    Handler,
    InboundMail,
    Message,
    MessageKind,
    Tally,
)
from conversations.models.conversation import ConversationQuerySet


def conversations() -> ConversationQuerySet:
    """Every conversation of the workspace, with all that a door prints of one."""
    return cast(ConversationQuerySet, Conversation.objects.get_queryset()).with_people()


@compiled
def by_public_id(
    columns: tuple[str, ...] | None,
    *,
    public_id: uuid.UUID,
    email: str | None = None,
    only: uuid.UUID | None = None,
) -> ConversationQuerySet:
    """The conversation of an id, of those that `visible` leaves; with these columns, or with all that any door prints."""
    rows = visible(conversations(), email=email, only=only).filter(public_id=public_id).order_by("pk")
    return (printing(rows, columns) if columns else rows)[:1]


def visible(
    rows: ConversationQuerySet, *, email: str | None = None, only: uuid.UUID | None = None
) -> ConversationQuerySet:
    """Those of the contacts with an address, or the one of an id; all where neither is given."""
    if email is not None:
        rows = of_address(rows, email)
    return rows if only is None else rows.filter(public_id=only)


def of_address(rows: ConversationQuerySet, email: str) -> ConversationQuerySet:
    """Those of the contacts with an address, be it their main one or another one that is verified."""
    mains = Contact.objects.filter(email=email, email__has_text=True).order_by().values("pk")
    # A UNION over one key: an OR across tables could use no index.
    return rows.filter(contact__in=mains.union(with_address([email])))


def with_address(emails: Sequence[str]) -> QuerySet[ContactAddress, Any]:
    """The ids of the contacts of whom one of these is another, verified address."""
    rows = ContactAddress.objects.filter(kind=AddressKind.EMAIL, is_verified=True)
    rows = rows.filter(value=emails[0]) if len(emails) == 1 else rows.filter(value__in=emails)
    return rows.order_by().values("contact")


def is_address_of(contact: Contact, email: str) -> bool:
    """Whether who writes from an address is the contact: by their main or another verified one, or that of a contact merged into them."""
    return email == contact.email or _having.first(contact=contact.pk, email=email) is not None


@compiled
def _having(*, contact: int, email: str) -> QuerySet[Contact]:
    merged = Contact.objects.filter(merged_into=contact, email=email, email__has_text=True).values("merged_into")
    own = Contact.objects.filter(pk=contact).filter(Q(pk__in=with_address([email])) | Q(pk__in=merged))
    return own.order_by("pk").only("pk")[:1]


def has_or_had_messages() -> Q:
    """Those in which a customer sees something, or saw it until it was joined into another one."""
    return Q(last_visible__isnull=False) | Q(joined_into__isnull=False)


def is_blank(conversation: Conversation) -> bool:
    """Whether nothing is in it: a member began it, and has taken back what they wrote."""
    if conversation.message_count or conversation.last_inbound_at is not None:
        return False
    waiting = Delivery.objects.filter(conversation=conversation.pk).exclude(state=DeliveryState.CANCELLED)
    written = Message.objects.filter(conversation=conversation.pk).exclude(kind=MessageKind.STATUS_CHANGE)
    others = (
        rows.objects.filter(conversation=conversation.pk) for rows in (CallbackRequest, AssistantThread, InboundMail)
    )
    return not any(rows.exists() for rows in (written, waiting, *others))


def with_messages_of(public_id: uuid.UUID, contact: Contact) -> Conversation | None:
    """Where the messages of a contact's joined conversation are, if that is theirs too."""
    row = Conversation.objects.filter(public_id=public_id, contact=contact).order_by("pk").first()
    while row is not None and row.joined_into is not None:
        row = row.joined_into
    is_theirs = row is not None and row.contact_id == contact.pk and row.handler != Handler.TRASH
    return row if is_theirs else None


def one(rows: QuerySet[Conversation]) -> Conversation:
    """The first of the rows. Raises NotFound where there is none."""
    found = rows.first()
    if found is None:
        raise NotFound("there is no such conversation")
    return found


def by_number(number: int) -> Conversation:
    """Raises NotFound, also for another workspace's conversation."""
    return one(conversations().filter(number=number).order_by("pk"))


def contact_named(external_id: str, email: str = "") -> Contact | None:
    """The contact that a trusted caller means, as `actions.identify` would find them; None where it would make one."""
    if found := Contact.objects.filter(external_id=external_id).first():
        return present(found)
    known = Contact.objects.filter(email=email.strip().lower(), external_id=None, is_verified=True, merged_into=None)
    return known.order_by("pk").first() if email.strip() else None


def present(contact: Contact) -> Contact:
    """The contact that has the conversations of one that may have been merged."""
    return contact.merged_into or contact


def contact_by_reference(reference: str) -> Contact | None:
    """The contact of that external id, or else of that public id; one that was merged stands for the one that has it."""
    found = _contact.first(external_id=reference)
    if found is None and (public_id := uuid_or_none(reference)) is not None:
        found = _contact.first(public_id=public_id)
    return present(found) if found is not None else None


@compiled
def _contact(*, external_id: str | None = None, public_id: uuid.UUID | None = None) -> QuerySet[Contact]:
    named = {"public_id": public_id} if external_id is None else {"external_id": external_id}
    return Contact.objects.filter(**named).order_by("pk")[:1]


def messages(conversation: Conversation) -> QuerySet[Message]:
    """The messages between both sides, oldest first: no notes, no status changes."""
    return _thread(conversation).filter(kind=MessageKind.MESSAGE)


def entries(conversation: Conversation) -> QuerySet[Message]:
    """Everything in the thread, notes included, oldest first."""
    return _thread(conversation)


@compiled
def _messages(columns: tuple[str, ...], *, conversation: int) -> QuerySet[Message]:
    rows = Message.objects.filter(conversation=conversation, kind=MessageKind.MESSAGE)
    return rows.order_by("created_at", "id").only(*of_messages(columns))


def messages_printing(conversation: Conversation, columns: tuple[str, ...]) -> list[Message]:
    """The messages between both sides, oldest first, with these columns; each knows its conversation."""
    return knowing(conversation, _messages.rows(columns, conversation=conversation.pk))


def of_messages(columns: Iterable[str]) -> list[str]:
    """Those of the columns that are the messages' own: their conversation is known."""
    return [column for column in columns if not column.startswith("conversation__")]


def knowing(conversation: Conversation, found: list[Message]) -> list[Message]:
    """The messages of a conversation, each of which knows it."""
    for row in found:
        Message.conversation.field.set_cached_value(row, conversation)
    return found


def _thread(conversation: Conversation) -> QuerySet[Message]:
    # By way of the conversation, so that each message knows it without a query.
    return conversation.messages(manager="objects").order_by("created_at", "id")


def message(conversation: Conversation, pk: int) -> Message:
    """One entry of the thread. Raises NotFound."""
    found = entries(conversation).filter(pk=pk).first()
    if found is None:
        raise NotFound("there is no such message")
    return found


def attachment(public_id: uuid.UUID) -> Attachment:
    """A file of the workspace. Raises NotFound."""
    rows = Attachment.objects.filter(public_id=public_id).exclude(message__conversation__handler=Handler.TRASH)
    found = rows.order_by("pk").first()
    if found is None:
        raise NotFound("there is no such file")
    return found


def last_trashed(conversation: Conversation) -> Event | None:
    """The event of the last time that a conversation went to the Trash."""
    changes = journal.lines_of(conversation)
    return changes.filter(type=events.CONVERSATION_TRASHED.name).order_by("-id").first()


def file(public_id: uuid.UUID, user: User) -> Attachment | DeliveryFile | DraftFile:
    """A file of the workspace, of a message, of a reply that has not left, or of a draft. Raises NotFound.

    Files of a mail that is a draft are its writer's alone.
    """
    try:
        return attachment(public_id)
    except NotFound:
        rows = DeliveryFile.objects.filter(public_id=public_id).exclude(delivery__conversation__handler=Handler.TRASH)
        trashed = Q(draft__conversation__handler=Handler.TRASH) | Q(draft__forwards__handler=Handler.TRASH)
        readable = ~Q(draft__kind=DraftKind.MAIL) | Q(draft__user=user)
        drafted = DraftFile.objects.filter(readable, public_id=public_id).exclude(trashed)
        found = rows.order_by("pk").first() or drafted.order_by("pk").first()
        if found is None:
            raise
        return found


def tally() -> Tally:
    """The workspace's exact counts, read from one row."""
    return _tally.first() or Tally(workspace=current())


@compiled
def _tally() -> QuerySet[Tally]:
    return Tally.objects.order_by("pk")[:1]


# --- The thread ---------------------------------------------------------------------------------


def other_conversations(conversation: Conversation, limit: int = 5) -> list[Conversation]:
    """What else the contact has written, newest first."""
    return _others.rows(limit, contact=conversation.contact_id, conversation=conversation.pk)


@compiled
def _others(limit: int, *, contact: int, conversation: int) -> QuerySet[Conversation]:
    rows = Conversation.objects.filter(contact=contact, handler=Handler.PEOPLE, joined_into=None).exclude(
        pk=conversation
    )
    shown = rows.order_by("-last_message_at", "-pk")
    return shown.only("number", "subject", "status", "snoozed_until", "last_message_at")[:limit]
