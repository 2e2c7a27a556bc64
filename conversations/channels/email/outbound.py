"""Replies as mails: text and HTML of the composer's text, threaded by Message-ID (RFC 5322), with what an answer needs to find back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.core.mail import EmailMultiAlternatives
from django.db.models import OuterRef, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.compiled import compiled
from conversations.channels.email import files, ids, tokens, transcribing
from conversations.chat import queries as chat_queries
from conversations.models import (
    Attachment,
    Conversation,
    Delivery,
    InboundMail,
    Mailbox,
    MailboxState,
    Message,
    MessageKind,
    SenderKind,
    SuppressedAddress,
)
from conversations.queries import mailboxes
from conversations.queries.thread import with_files
from conversations.texts import prose, rich

REFERENCES = 10
_STYLE = (
    "<style>p,ul,ol,pre{margin:12px 0 0}p.on,li p{margin-top:0}"
    "blockquote{margin:12px 0 0 4px;padding-left:8px;border-left:2px solid #ccc}"
    "pre{padding:8px;background:#f4f4f4;white-space:pre-wrap}</style>"
)
"""Programs that leave it out show the same text with wider gaps."""
QUOTED = 4_000
"""Characters of the message before that a reply quotes."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail that is ready: its envelope, and what the servers get."""

    sender: str
    recipients: Sequence[str]
    mail: EmailMultiAlternatives
    message_id: str
    mailbox: Mailbox | None


def compose(deliveries: Sequence[Delivery]) -> dict[int, Composed]:
    """The mails of some deliveries of one workspace by their ids, in a few statements for all; without those whose message is gone,
    or that would go to nobody who may get mail."""
    wanted = {one.message_id: one for one in deliveries if one.message_id is not None}
    messages = with_files(_replies.rows(messages=[*wanted]), _files) if wanted else []
    if not messages:
        return {}
    default = mailboxes.default()
    theirs, suppressed = _identifiers(messages), {*SuppressedAddress.objects.values_list("address", flat=True)}
    found = {}
    for message in messages:
        delivery = wanted[message.pk]
        mailbox = next(filter(_is_present, (delivery.mailbox, message.conversation.mailbox)), default)
        composed = _mail(message, delivery, mailbox, theirs, suppressed)
        if composed is not None:
            found[delivery.pk] = composed
    return found


@compiled
def _replies(*, messages: list[int]) -> QuerySet[Message]:
    earlier = Message.objects.filter(
        conversation=OuterRef("conversation"), kind=MessageKind.MESSAGE, id__lt=OuterRef("pk")
    )
    ids_before = earlier.order_by("-id").values("public_id")[:REFERENCES]
    rows = Message.objects.select_related("conversation__contact", "conversation__mailbox", "workspace", "sender_user")
    return rows.filter(pk__any_of=messages).order_by("pk").annotate(earlier=ArraySubquery(ids_before))


@compiled
def _files(*, messages: list[int]) -> QuerySet[Attachment]:
    return Attachment.objects.filter(message__any_of=messages).order_by("id")


def _identifiers(messages: Sequence[Any]) -> dict[UUID, str]:
    """The Message-IDs of the mails that came in among the messages before, by the public ids of those."""
    before = [one for message in messages for one in message.earlier]
    rows = InboundMail.objects.filter(message__public_id__in=before).exclude(identifier="")
    return dict(rows.values_list("message__public_id", "identifier"))


def _mail(
    message: Any, delivery: Delivery, mailbox: Mailbox | None, theirs: dict[UUID, str], suppressed: set[str]
) -> Composed | None:
    conversation = message.conversation
    to = _kept(delivery.to if delivery.to is not None else [conversation.contact.email], suppressed)
    cc = [
        one for one in _kept(delivery.cc if delivery.cc is not None else conversation.cc, suppressed) if one not in to
    ]
    bcc = [one for one in _kept(delivery.bcc, suppressed) if one not in (*to, *cc)]
    if not to:
        to, cc = cc, []
    if not to and not bcc:
        return None
    address = mailbox.address if mailbox is not None else installation_address()
    references = [
        f"<{theirs[one]}>" if one in theirs else ids.message_id(one, address) for one in reversed(message.earlier)
    ]
    own = ids.message_id(message.public_id, address)
    headers = {"Message-ID": own, "X-Parley-Conversation": str(conversation.public_id)}
    if references:
        headers |= {"In-Reply-To": references[-1], "References": " ".join(references)}
    if message.sender_kind in (SenderKind.ASSISTANT, SenderKind.SYSTEM):
        headers["Auto-Submitted"] = "auto-replied"
    sender = address
    if mailbox is not None and mailbox.plus_addressing:
        headers["Reply-To"] = tokens.address(mailbox.address, tokens.Kind.MESSAGE, message.pk)
        sender = tokens.address(mailbox.address, tokens.Kind.RETURN, message.pk)
    unseen = _unseen(message, delivery) if delivery.after is not None else None
    attached, linked = files.divided([file for one in unseen or [message] for file in one.files])
    # What a stranger typed into a chat is not sent to the address that they typed.
    is_quoted = bool(references) and (unseen is None or conversation.contact.is_verified)
    quoted = _quoted(message, {one.lower() for one in (*to, *cc)}) if is_quoted else None
    text, html = _contents(message, mailbox, linked, unseen)
    mail = EmailMultiAlternatives(
        subject=answer_to(conversation.subject) if references else one_line(conversation.subject),
        body=_text(text, message, mailbox, quoted),
        from_email=_from(message, mailbox, address),
        to=to,
        cc=cc,
        headers=headers,
    )
    mail.attach_alternative(_html(html, message, mailbox, quoted), "text/html")
    for attachment in attached:
        with attachment.file.open("rb") as file:
            mail.attach(attachment.name, file.read(), attachment.content_type)
    return Composed(sender, [*to, *cc, *bcc], mail, own.strip("<>"), mailbox)


def installation_address() -> str:
    """The address from which mails go out that no mailbox sends."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def _is_present(mailbox: Mailbox | None) -> bool:
    """Whether mail goes out from a mailbox: what was to leave by one that was deleted leaves by the default one."""
    return mailbox is not None and mailbox.state != MailboxState.DELETED


def _kept(addresses: Sequence[str], suppressed: set[str]) -> list[str]:
    return [one for one in dict.fromkeys(addresses) if one and one.lower() not in suppressed]


def answer_to(subject: str) -> str:
    """The subject of an answer."""
    line = one_line(subject)
    return line if line.lower().startswith("re:") else f"Re: {line}"


def one_line(text: str) -> str:
    """A text as a header: a subject may hold line breaks that a header must not."""
    return " ".join(text.split())


def named(name: str, address: str) -> str:
    """An address with a name before it."""
    return str(Address(display_name=one_line(name), addr_spec=address))


def threaded(mail: InboundMail, conversation: Conversation, mailbox: Mailbox) -> dict[str, str]:
    """The headers that put an answer to a mail into its thread, and answers to that into its conversation."""
    headers = {"X-Parley-Conversation": str(conversation.public_id)}
    if mail.identifier:
        headers |= {"In-Reply-To": f"<{mail.identifier}>", "References": f"<{mail.identifier}>"}
    if mailbox.plus_addressing:
        headers["Reply-To"] = tokens.address(mailbox.address, tokens.Kind.CONVERSATION, conversation.pk)
    return headers


def _from(message: Any, mailbox: Mailbox | None, address: str) -> str:
    """The address under the name of who answers and for whom."""
    who = message.sender_name.split(" ", 1)[0] if message.sender_user_id is not None else ""  # a key has no first name
    team = (mailbox.name if mailbox is not None else "") or message.workspace.name
    return named(f"{who} · {team}" if who else team, address)


def _quoted(message: Any, recipients: set[str]) -> Message | None:
    """What the reply answers: the last message before it of somebody who gets it. Nobody is sent what others wrote."""
    rows = Message.objects.filter(
        conversation=message.conversation_id,
        kind=MessageKind.MESSAGE,
        sender_kind=SenderKind.CUSTOMER,
        sender_email__in=recipients,
        id__lt=message.pk,
    )
    return rows.order_by("-id").first()


def _introduced(quoted: Message, zone: Any) -> str:
    moment = quoted.created_at.astimezone(zone)
    who = quoted.sender_name or quoted.sender_email or "the customer"
    return f"On {moment:%d %b %Y at %H:%M}, {' '.join(who.split())} wrote:"


def _unseen(message: Any, delivery: Delivery) -> list[Any]:
    """The replies of a chat that go in one mail, the message itself last."""
    rows = chat_queries.by_the_team(message.conversation).filter(pk__gt=delivery.after, pk__lt=message.pk)
    return [*with_files(list(rows.order_by("pk")), _files), message]


def _contents(
    message: Any, mailbox: Mailbox | None, linked: Sequence[Attachment], unseen: Sequence[Any] | None
) -> tuple[str, SafeString]:
    """What a reply says, as text and as HTML; for replies of a chat with how the customer goes on."""
    if unseen is None:
        links = "\n".join(f"{one.name}: {files.link(one)}" for one in linked)
        parts = [rich.html(message.body or "")]
        parts += [format_html('<p><a href="{}">{}</a></p>', files.link(one), one.name) for one in linked]
        return "\n\n".join(part for part in (message.body or "", links) if part), mark_safe("".join(parts))  # noqa: S308 - escaped part by part
    words, direction = transcribing.words(message.conversation)
    heads = transcribing.writers(unseen, words["you"])
    hint = words["answer" if mailbox is not None else "go_on"]
    hinted = format_html('<p dir="{}" style="color:#555">{}</p>', direction, hint)
    text, html = transcribing.text(unseen, heads, linked), transcribing.html(unseen, heads, linked)
    return f"{text}\n\n{hint}", html + hinted


def _signatures(message: Any, mailbox: Mailbox | None) -> tuple[str, str]:
    """The writer's own signature, which is Markdown, and the mailbox's, which is plain text."""
    writer = message.sender_user
    own = writer.signature if writer is not None and writer.signs_replies else ""
    return own.strip(), mailbox.signature.strip() if mailbox is not None else ""


def _text(text: str, message: Any, mailbox: Mailbox | None, quoted: Message | None) -> str:
    parts = [text]
    if any(signatures := _signatures(message, mailbox)):
        parts.append("-- \n" + "\n\n".join(filter(None, signatures)))
    parts.append(tokens.marker(message.pk))
    if quoted is not None:
        lines = (quoted.body or "")[:QUOTED].splitlines()
        parts.append("\n".join([_introduced(quoted, message.workspace.zone), *(f"> {line}" for line in lines)]))
    return "\n\n".join(part for part in parts if part)


def _html(html: SafeString, message: Any, mailbox: Mailbox | None, quoted: Message | None) -> SafeString:
    parts = [html]
    own, theirs = _signatures(message, mailbox)
    if own or theirs:
        from conversations.knowledge import markup  # only replies that are signed need it

        signed = mark_safe((markup.html(own) if own else "") + (prose.html(theirs) if theirs else ""))  # noqa: S308 - both escape
        parts.append(format_html('<div style="color:#555">-- {}</div>', signed))
    parts.append(format_html('<p style="color:#999;font-size:11px">{}</p>', tokens.marker(message.pk)))
    if quoted is not None:
        introduced = _introduced(quoted, message.workspace.zone)
        parts.append(
            format_html(
                '<div class="parley_quote"><p style="color:#555">{}</p><blockquote type="cite" style="margin:0 0 0 8px;'
                'padding-left:8px;border-left:2px solid #ccc">{}</blockquote></div>',
                introduced,
                prose.html((quoted.body or "")[:QUOTED]),
            )
        )
    return mark_safe(f"<!doctype html><html><head>{_STYLE}</head><body>" + "".join(parts) + "</body></html>")  # noqa: S308 - escaped part by part
