"""Mails that the desk sends by itself, from a mailbox: that a mail has come in, and transcripts of chats. Replies go by the outbox:
also those that an earlier version has queued as mails, and those that the customer of a chat has not seen."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.utils.html import format_html

from accounts import clock, mailing, tenancy
from accounts.models import QueuedMail
from accounts.permissions import Actor
from conversations import actions
from conversations.channels.email import automatic, ids, outbound, tokens, transcribing
from conversations.channels.email.actions.unseen import mail_unseen
from conversations.chat import queries as chat_queries
from conversations.mail.parsed import HOPS
from conversations.models import Conversation, Handler, InboundMail, Mailbox, Message, MessageKind
from conversations.queries import mailboxes
from conversations.queries.thread import with_files

MOST_SHOWN = 500
"""Messages of a transcript; the latest."""
DEFAULT = "Thank you for your message. We have received it and will reply as soon as we can."


@mailing.kind("acknowledgement")
def acknowledgements(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Acknowledgements of mails that began a conversation; none for what is gone or is spam by now."""
    mails = InboundMail.objects.select_related("mailbox").in_bulk([row.about["mail_id"] for row in rows])
    ids = [row.about["conversation_id"] for row in rows]
    conversations = Conversation.objects.select_related("contact", "workspace").in_bulk(ids)
    found = {}
    for row in rows:
        mail, conversation = mails.get(row.about["mail_id"]), conversations.get(row.about["conversation_id"])
        if mail is not None and conversation is not None and not conversation.is_set_aside:
            found[row.pk] = _acknowledgement(mail, conversation, row.about.get("hops", 1))
    return found


def _acknowledgement(mail: InboundMail, conversation: Conversation, hops: int) -> EmailMessage:
    mailbox = mail.mailbox
    text = mailbox.acknowledgement.strip() or DEFAULT
    name = automatic.sender_name(mailbox, conversation.workspace)
    return automatic.compose(
        mailbox,
        conversation.workspace,
        to=conversation.contact.email,
        subject=outbound.answer_to(conversation.subject),
        body=f"{text}\n\n#{conversation.number} · {name}\n",
        submitted=automatic.REPLIED,
        headers={**outbound.threaded(mail, conversation, mailbox), HOPS: str(hops)},
    )


@mailing.kind("reply")
def replies(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Put the replies into the outbox; no mail is sent from here."""
    by = Actor.system(tenancy.current().pk)
    for message in Message.objects.filter(pk__in=[row.about["message_id"] for row in rows]).order_by("pk"):
        actions.deliver(message=message, by=by, at=clock.now())
    return {}


@mailing.kind("chat_unseen")
def unseen_replies(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Put what the customers of chats have not seen into the outbox; no mail is sent from here."""
    by = Actor.system(tenancy.current().pk)
    for conversation in Conversation.objects.filter(pk__in={row.about["conversation_id"] for row in rows}).order_by(
        "pk"
    ):
        mail_unseen(conversation=conversation, by=by, at=clock.now())
    return {}


@mailing.kind("chat_transcript")
def transcripts(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Transcripts that customers asked for: what they see of their chat, and no more; none of what is gone or is spam by now."""
    ids_of = [row.about["conversation_id"] for row in rows]
    found = Conversation.objects.select_related("contact", "workspace").exclude(handler=Handler.NOBODY).in_bulk(ids_of)
    mailbox = mailboxes.automatic()
    mails = {}
    for row in rows:
        conversation = found.get(row.about["conversation_id"])
        if conversation is not None and conversation.contact.email:
            mails[row.pk] = _transcript(conversation, mailbox)
    return mails


def _transcript(conversation: Conversation, mailbox: Mailbox | None) -> EmailMessage:
    words, direction = transcribing.words(conversation)
    latest = chat_queries.shown(conversation).filter(kind=MessageKind.MESSAGE).order_by("-pk")[: MOST_SHOWN + 1]
    messages = with_files([*latest][::-1][-MOST_SHOWN:])
    is_cut = len(latest) > MOST_SHOWN
    name = automatic.sender_name(mailbox, conversation.workspace)
    heads = transcribing.writers(messages, words["you"], conversation.workspace.zone)
    linked = [file for message in messages for file in message.files]  # type: ignore[attr-defined]
    first = " ".join((words["transcript"], words["transcript_cut"] if is_cut else "")).strip()
    last = words["answer" if mailbox else "go_on"]
    headers = {"X-Parley-Conversation": str(conversation.public_id)}
    if messages:
        address = automatic.sender_address(mailbox)
        headers["Message-ID"] = ids.message_id(messages[-1].public_id, address, "transcript")
    if mailbox is not None and mailbox.plus_addressing:
        headers["Reply-To"] = tokens.address(mailbox.address, tokens.Kind.CONVERSATION, conversation.pk)
    sent = automatic.compose(
        mailbox,
        conversation.workspace,
        to=conversation.contact.email,
        subject=f"{words['transcript_subject'].format(name=outbound.one_line(name))} (#{conversation.number})",
        body=f"{first}\n\n{transcribing.text(messages, heads, linked)}\n\n{last}\n",
        headers=headers,
    )
    note = '<p dir="{}" style="color:#555">{}</p>'
    shown = transcribing.html(messages, heads, linked)
    html = format_html(note, direction, first) + shown + format_html(note, direction, last)
    sent.attach_alternative(f"<!doctype html><html><body>{html}</body></html>", "text/html")
    return sent
