"""Mails as the desk keeps them once they were read, for what screens show of them."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core.files.base import ContentFile

from accounts import tenancy
from accounts.models import Workspace
from conversations.actions.entries import Door
from conversations.actions.files import ReceivedFile
from conversations.mail import html
from conversations.models import Channel, Conversation, InboundMail, Mailbox, MailSource, MailState, Message, Proof
from tests.factories import ContactFactory, ConversationFactory, receive

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc0f01f00050001ff56c72f0d0000000049454e44ae426082"
)
"""A picture of one pixel, as PNG."""
SOURCE = b"From: Ada <ada@x.example>\r\nSubject: Hello\r\n\r\n<script>alert(1)</script> Gr\xc3\xbc\xc3\x9fe\r\n"


def mailbox(workspace: Workspace, address: str = "support@acme.example", **values: Any) -> Mailbox:
    """A mailbox of the workspace; the default one unless the values differ."""
    with tenancy.scope(workspace):
        made: Mailbox = Mailbox.objects.create(
            workspace=workspace, address=address, **{"name": "Acme", "is_default": True, **values}
        )
    return made


def by_mail(box: Mailbox, body: str = "It never came.", **values: Any) -> Conversation:
    """A conversation that Ada's mail began, without the row of that mail."""
    workspace = box.workspace
    values.setdefault("contact", ContactFactory(workspace=workspace, name="Ada Lovelace", email="ada@x.example"))
    made: Conversation = ConversationFactory(
        workspace=workspace, subject="My order", body=body, door=Door(Channel.EMAIL, "mail"), mailbox=box, **values
    )
    return made


def inbound(conversation: Conversation, body: str | None = None, **values: Any) -> InboundMail:
    """The mail of the conversation's last message, or of one with this text that is received now.

    `written` is HTML as its sender wrote it, `files` are what was attached.
    """
    files = [ReceivedFile(**file) for file in values.pop("files", ())]
    with tenancy.scope(conversation.workspace):
        if body is None:
            message = Message.objects.filter(conversation=conversation).order_by("-pk")[0]
        else:
            message = receive(conversation, body, uploads=files)
        if (written := values.pop("written", None)) is not None:
            clean = html.sanitise(written)
            values |= {"html": clean.html or "", "remote_images": clean.remote_images}
        raw = values.pop("source", SOURCE)
        mail = InboundMail(
            workspace=conversation.workspace,
            mailbox=conversation.mailbox,
            message=message,
            conversation=conversation,
            size=len(raw),
            digest=hashlib.sha256(raw).hexdigest(),
            **{
                "source": MailSource.IMAP,
                "state": MailState.READ,
                "proof": Proof.NEW,
                "from_name": "Ada Lovelace",
                "from_address": "ada@x.example",
                "to": [["Acme", "support@acme.example"]],
                "subject": "My order",
                "text": message.body or "",
                **values,
            },
        )
        mail.raw.save(f"{conversation.workspace_id}/mail/{message.pk}.eml", ContentFile(raw), save=False)
        mail.save()
    return mail
