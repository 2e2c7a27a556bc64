"""All that the desk knows of one person, as a JSON document in parts: docs/privacy.md says what each field means.

Files are links to the desk, or the names under which they are beside the document.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Prefetch

from accounts.models import Event
from conversations.models import (
    Attachment,
    CallbackRequest,
    ChatSession,
    Contact,
    ContactAddress,
    ContactNote,
    Conversation,
    Delivery,
    DeliveryState,
    DiscordMember,
    Handler,
    InboundMail,
    Message,
)
from conversations.privacy import contents
from conversations.queries import customers
from tickets.models import Ticket, TicketNote

FORMAT, VERSION = "parley.person", 1
Locate = Callable[[Attachment], str]


def parts(contact: Contact, *, at: datetime, locate: Locate) -> Iterator[str]:
    """The document, to be written one part after the other; `locate` says where a file is found. In the open scope."""
    people = contents.ids_of(contact)
    head = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": at,
        "workspace": {"name": contact.workspace.name, "slug": contact.workspace.slug},
        "person": _person(contact),
        "other_ids": customers.other_ids(contact),
        "merged": [_person(row) for row in customers.merged(contact).order_by("pk")],
        "addresses": [
            {"kind": row.kind, "value": row.value, "verified": row.is_verified, "added_at": row.created_at}
            for row in ContactAddress.objects.filter(contact__in=people).order_by("pk")
        ],
        "notes": [
            {"text": row.body, "author": str(row.author) if row.author else None, "written_at": row.created_at}
            for row in ContactNote.objects.select_related("author").filter(contact__in=people).order_by("pk")
        ],
        "chat_sessions": [
            {"page": row.page, "language": row.language, "began_at": row.created_at, "last_seen_at": row.last_seen_at}
            for row in ChatSession.objects.filter(contact__in=people).order_by("pk")
        ],
        "discord": [
            {"id": str(row.discord_id), "name": row.name, "linked_at": row.linked_at}
            for row in DiscordMember.objects.filter(contact__in=people).order_by("pk")
        ],
        "events": [{"type": row.type, "at": row.at} for row in _events(contact, people)],
    }
    yield _dumped(head)[:-1]
    yield from _listed("conversations", (_conversation(row, locate) for row in _conversations(contact)))
    yield from _listed("tickets", (_ticket(row, people) for row in _tickets(contact)))
    yield from _listed("messages_elsewhere", (_message(row, locate) for row in _elsewhere(people)))
    yield "}\n"


def files(contact: Contact) -> Iterator[Attachment]:
    """Every file in the person's conversations, and with what they wrote elsewhere."""
    for row in _conversations(contact):
        yield from Attachment.objects.filter(message__conversation=row.pk).order_by("pk")
    for message in _elsewhere(contents.ids_of(contact)):
        yield from Attachment.objects.filter(message=message).order_by("pk")


def _listed(name: str, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield f",\n{json.dumps(name)}: ["
    between = "\n"
    for row in rows:
        yield f"{between}{_dumped(row)}"
        between = ",\n"
    yield "]"


def _dumped(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def _person(row: Contact) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "external_id": row.external_id,
        "name": row.name,
        "first_name": row.first_name,
        "last_name": row.last_name,
        "email": row.email,
        "company": row.company,
        "avatar_url": row.avatar_url,
        "traits": row.traits,
        "attributes": row.attributes,
        "verified": row.is_verified,
        "blocked_at": row.blocked_at,
        "erased_at": row.erased_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _events(contact: Contact, people: Sequence[int]) -> Iterable[Event]:
    rows = Event.objects.filter(workspace_id=contact.workspace_id, subject_type="contact", subject_id__in=people)
    return rows.order_by("pk").iterator(chunk_size=500)


def _conversations(contact: Contact) -> Iterator[Conversation]:
    """One after the other, by their ids, so that none has to be held in memory. Those that members do not see are in it."""
    last = 0
    rows = contents.conversations_of(contact).order_by("pk")
    while found := list(rows.filter(pk__gt=last)[:50]):
        yield from found
        last = found[-1].pk


def _tickets(contact: Contact) -> list[Ticket]:
    rows = contents.conversations_of(contact)
    found: list[int | None] = [*rows.filter(ticket__isnull=False).order_by().values_list("ticket", flat=True)]
    found += [contents.ticket_of(row) for row in rows.filter(handler=Handler.TRASH).order_by()]
    return list(Ticket.objects.filter(pk__in=[pk for pk in found if pk is not None]).order_by("pk"))


def _elsewhere(people: Sequence[int]) -> list[Message]:
    rows = Message.objects.filter(sender_contact__in=people).exclude(conversation__contact__in=people)
    return list(rows.order_by("pk")[:10_000])


def _conversation(row: Conversation, locate: Locate) -> dict[str, Any]:
    messages = (
        Message.objects.filter(conversation=row.pk)
        .prefetch_related(Prefetch("attachments", Attachment.objects.order_by("pk")))
        .order_by("created_at", "id")
    )
    calls = CallbackRequest.objects.filter(conversation=row.pk).order_by("pk")
    mails = InboundMail.objects.filter(conversation=row.pk).order_by("pk")
    waiting = Delivery.objects.filter(conversation=row.pk, message=None, state=DeliveryState.SCHEDULED).order_by("pk")
    return {
        "id": str(row.public_id),
        "number": row.number,
        "external_id": row.external_id,
        "subject": row.subject,
        "channel": row.channel,
        "status": row.status,
        "tags": row.tags,
        "copies": row.cc,
        "details": row.metadata,
        "attributes": row.attributes,
        "created_at": row.created_at,
        "messages": [_message(message, locate) for message in messages],
        "replies_not_sent": [{"text": one.body, "send_after": one.send_after} for one in waiting],
        "callbacks": [
            {"phone": one.phone or one.phone_typed, "preferred_time": one.preferred_time, "due_at": one.due_at}
            for one in calls
        ],
        "mails": [
            {"from": one.from_address, "from_name": one.from_name, "to": one.to, "cc": one.cc, "subject": one.subject,
             "received_at": one.received_at}
            for one in mails
        ],
    }  # fmt: skip


def _message(row: Message, locate: Locate) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "kind": row.kind,
        "by": row.sender_kind,
        "name": row.sender_name,
        "email": row.sender_email,
        "text": row.body,
        "sent_at": row.created_at,
        "files": [
            {"name": one.name, "content_type": one.content_type, "size": one.size, "at": locate(one)}
            for one in row.attachments.all()
        ],
    }


def _ticket(row: Ticket, people: Sequence[int]) -> dict[str, Any]:
    """A ticket's own notes are in it unless it is of other customers, too."""
    notes = () if contents.is_shared(row, people) else TicketNote.objects.filter(ticket=row).order_by("pk")
    return {
        "id": str(row.public_id),
        "number": row.number,
        "subject": row.subject,
        "status": row.status,
        "priority": row.priority,
        "tags": row.tags,
        "traits": row.anonymous_traits,
        "session_context": row.session_context,
        "attributes": row.attributes,
        "escalation_reason": row.escalation_reason,
        "notes": [{"text": one.body, "author": one.author_name, "written_at": one.created_at} for one in notes],
        "created_at": row.created_at,
    }
