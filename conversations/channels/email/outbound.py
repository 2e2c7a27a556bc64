"""A reply as a mail, threaded by Message-ID (RFC 5322) so that mail programs show one conversation."""

from __future__ import annotations

from email.headerregistry import Address
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from conversations.models import Message, MessageKind


def message_id(message: Message) -> str:
    """The mail's Message-ID: the same however often it is sent, so that a repeated delivery shows once."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return f"<{message.public_id}@{host}>"


def mail(message: Message) -> EmailMessage:
    """The mail that carries a reply to the conversation's contact, with its files."""
    conversation = message.conversation
    earlier = Message.objects.filter(conversation=conversation, kind=MessageKind.MESSAGE, id__lt=message.pk)
    references = [message_id(one) for one in earlier.order_by("-id")[:10]][::-1]
    headers = {"Message-ID": message_id(message), "X-Parley-Conversation": str(conversation.public_id)}
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
    for attachment in message.attachments.order_by("id"):
        with attachment.file.open("rb") as file:
            sent.attach(attachment.name, file.read(), attachment.content_type)
    return sent


def _from(message: Message) -> str:
    """The desk's address under the name of who answers and for whom."""
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    who = message.sender_name.split(" ", 1)[0]
    name = f"{who} · {message.workspace.name}" if who else message.workspace.name
    return str(Address(display_name=" ".join(name.split()), addr_spec=address))
