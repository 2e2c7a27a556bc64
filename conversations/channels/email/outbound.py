"""Replies as mails, threaded by Message-ID (RFC 5322) so that mail programs show one conversation."""

from __future__ import annotations

from collections.abc import Sequence
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.core.mail import EmailMessage
from django.db.models import OuterRef, QuerySet

from accounts.compiled import compiled
from conversations.models import Attachment, Message, MessageKind
from conversations.queries.thread import with_files

REFERENCES = 10


def message_id(public_id: UUID) -> str:
    """The Message-ID of a message: the same however often it is sent, so that a repeated delivery shows once."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return f"<{public_id}@{host}>"


def mails(ids: Sequence[int]) -> dict[int, EmailMessage]:
    """The mails that carry these replies to their contacts, by the replies' ids, in two statements for all of them."""
    return {message.pk: _mail(message) for message in with_files(_replies.rows(messages=list(ids)), _files)}


@compiled
def _replies(*, messages: list[int]) -> QuerySet[Message]:
    earlier = Message.objects.filter(
        conversation=OuterRef("conversation"), kind=MessageKind.MESSAGE, id__lt=OuterRef("pk")
    )
    ids = earlier.order_by("-id").values("public_id")[:REFERENCES]
    rows = Message.objects.select_related("conversation__contact", "workspace")
    return rows.filter(pk__any_of=messages).order_by("pk").annotate(earlier=ArraySubquery(ids))


@compiled
def _files(*, messages: list[int]) -> QuerySet[Attachment]:
    return Attachment.objects.filter(message__any_of=messages).order_by("id")


def _mail(message: Any) -> EmailMessage:
    conversation = message.conversation
    references = [message_id(one) for one in reversed(message.earlier)]
    headers = {"Message-ID": message_id(message.public_id), "X-Parley-Conversation": str(conversation.public_id)}
    if references:
        headers |= {"In-Reply-To": references[-1], "References": " ".join(references)}
    # A subject may hold line breaks that a header must not.
    subject = " ".join(conversation.subject.split())
    sent = EmailMessage(
        subject=subject if subject.lower().startswith("re:") else f"Re: {subject}",
        body=message.body or "",
        from_email=_from(message),
        to=[conversation.contact.email],
        headers=headers,
    )
    for attachment in message.files:
        with attachment.file.open("rb") as file:
            sent.attach(attachment.name, file.read(), attachment.content_type)
    return sent


def _from(message: Message) -> str:
    """The desk's address under the name of who answers and for whom."""
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    who = message.sender_name.split(" ", 1)[0]
    name = f"{who} · {message.workspace.name}" if who else message.workspace.name
    return str(Address(display_name=" ".join(name.split()), addr_spec=address))
