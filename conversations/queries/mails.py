"""The mails behind the messages of a thread, as far as screens show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import BooleanField, Case, QuerySet, Value, When
from django.db.models.functions import Left

from accounts.compiled import compiled
from accounts.errors import NotFound
from accounts.models import Membership
from conversations.models import (
    Channel,
    Contact,
    Conversation,
    Delivery,
    DeliveryState,
    InboundMail,
    Mailbox,
    MailboxAddress,
    MailboxState,
    Message,
    MessageKind,
)
from conversations.models.searched import TokensQuery
from conversations.queries import mailboxes as mailbox_queries
from conversations.queries import offered
from conversations.texts.validation import can_be_kept

SHOWN = 20_000
"""Characters of a quoted text or a signature that a thread shows."""
LOOKED_AT = 200
"""How many contacts that hold some words are looked at: a frequent word is no name."""
MOST_MAILS = 500
"""How many mails of a conversation are looked through for people."""


def is_by_mail(conversation: Conversation) -> bool:
    """Whether mails come in to a conversation or leave from it."""
    return conversation.mailbox_id is not None or conversation.channel in (
        Channel.EMAIL,
        Channel.FORM,
        Channel.CALLBACK,
    )


def with_mails(conversation: Conversation, page: list[Message]) -> list[Message]:
    """The messages, each with the mail that it was as `inbound`, or how it went out as `outbound`, or None.

    That is a query for each of the two sides that is on the page, and none where no mails come.
    """
    found: dict[int | None, InboundMail] = {}
    sent: dict[int | None, Delivery] = {}
    if is_by_mail(conversation):
        theirs = [message.pk for message in page if message.is_from_customer]
        ours = [message.pk for message in page if not message.is_from_customer and message.kind == MessageKind.MESSAGE]
        found = {mail.message_id: mail for mail in _mails.rows(messages=theirs)} if theirs else {}
        sent = {one.message_id: one for one in _sent.rows(messages=ours)} if ours else {}
    for message in page:
        message.inbound, message.outbound = found.get(message.pk), sent.get(message.pk)  # type: ignore[attr-defined]
    return page


@compiled
def _sent(*, messages: list[int]) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(message__any_of=messages, channel=Channel.EMAIL).order_by("pk")
    return rows.only("workspace", "message", "to", "cc", "bcc")


@compiled
def _mails(*, messages: list[int]) -> QuerySet[InboundMail]:
    """Without the HTML, which has a page of its own: `has_html` says whether there is any."""
    rows = InboundMail.objects.filter(message__any_of=messages).order_by("pk")
    rows = rows.annotate(
        has_html=Case(When(html="", then=Value(False)), default=Value(True), output_field=BooleanField()),
        quote=Left("quoted", SHOWN),
        closing=Left("signature", SHOWN),
    )
    return rows.only(
        *("workspace", "message", "public_id", "proof", "from_name", "from_address", "to", "cc"),
        *("remote_images", "invitation", "problems", "is_verified", "is_stranger"),
    )


def of_message(conversation: Conversation, message: int) -> InboundMail:
    """The mail of a message, whole, with its message. Raises NotFound."""
    found = (
        InboundMail.objects.select_related("message")
        .filter(message=message, message__conversation=conversation)
        .order_by("pk")
        .first()
    )
    if found is None:
        raise NotFound("this message did not come by mail")
    return found


def participants(conversation: Conversation) -> set[str]:
    """Every address that has had a mail of the conversation, or has written one; without the desk's own."""
    known = {conversation.contact.email, *conversation.cc}
    mails = InboundMail.objects.filter(message__conversation=conversation).order_by("-pk")
    for row in mails.values_list("from_address", "to", "cc")[:MOST_MAILS]:
        known |= {row[0], *(address.lower() for _, address in (*row[1], *row[2]))}
    sent = Delivery.objects.filter(message__conversation=conversation).order_by("-pk")
    for lists in sent.values_list("to", "cc", "bcc")[:MOST_MAILS]:
        known.update(address for addresses in lists for address in addresses or ())
    known.update(
        Message.objects.filter(conversation=conversation).order_by().values_list("sender_email", flat=True).distinct()
    )
    return known - {""}


def outsiders(conversation: Conversation, addresses: Iterable[str]) -> list[str]:
    """Those of the addresses that have not been in the conversation before, and are no member's; nothing is asked about known ones."""
    new = [one for one in dict.fromkeys(addresses) if one not in (conversation.contact.email, *conversation.cc)]
    if not new:
        return []
    members = Membership.objects.filter(user__email__in=new, user__is_active=True).order_by("pk")
    known = participants(conversation) | {email.lower() for email in members.values_list("user__email", flat=True)}
    return [one for one in new if one not in known]


def last_recipients(conversation: Conversation) -> list[str]:
    """To whom the team's last mail goes or went, where its writer chose them and the customer has not written since; else nobody."""
    inbound, outbound = conversation.last_inbound_at, conversation.last_outbound_at
    has_answered = outbound is not None and (inbound is None or inbound < outbound)
    if not has_answered and not getattr(conversation, "has_outgoing", True):  # annotated by with_ticket_card
        return []
    rows = Delivery.objects.filter(conversation=conversation).exclude(state=DeliveryState.CANCELLED)
    last = rows.order_by("-id").values_list("to", "created_at").first()
    return [*(last[0] or ())] if last is not None and (inbound is None or last[1] > inbound) else []


def people(typed: str, limit: int = 8) -> list[tuple[str, str]]:
    """Names and addresses of contacts whose address begins with a text; where those are few, of those who hold its words too."""
    typed = typed.strip().lower()
    if len(typed) < 2 or not can_be_kept(typed):
        return []
    rows = offered.contacts(to_write_to=True).filter(email__has_text=True).order_by("email", "pk")
    found: dict[str, str] = {}
    for name, email in _named(rows.filter(email__gte=typed, email__lt=f"{typed}\U0010ffff"), limit):
        found[email] = found.get(email) or name
    words = TokensQuery.of(typed) if len(typed) > 2 and len(found) < limit else None
    if words is not None:
        known = offered.contacts(to_write_to=True).filter(tokens=words, email__has_text=True)
        some = known.order_by().values("pk")[:LOOKED_AT]
        for name, email in _named(rows.filter(pk__in=some), limit):
            found.setdefault(email, name)
    return [(name, email) for email, name in found.items()][:limit]


def _named(rows: QuerySet[Contact], limit: int) -> QuerySet[Contact, tuple[str, str]]:
    return rows.values_list("name", "email")[:limit]


def own(addresses: Sequence[str]) -> list[str]:
    """Those of the addresses at which the workspace itself receives mail."""
    found = MailboxAddress.objects.filter(address__in=addresses).order_by("address") if addresses else ()
    return [row.address for row in found]


def mailbox(public_id: UUID | None = None) -> Mailbox | None:
    """The mailbox of an id, or else the default one, if there is one. Raises NotFound for an id that none has."""
    found = mailbox_queries.default() if public_id is None else mailbox_queries.with_public_id(public_id)
    if found is None and public_id is not None:
        raise NotFound("there is no such mailbox")
    return found


def mailboxes() -> Sequence[Mailbox]:
    """The mailboxes of the workspace, the default one first."""
    return _mailboxes.rows()


@compiled
def _mailboxes() -> QuerySet[Mailbox]:
    rows = Mailbox.objects.exclude(state=MailboxState.DELETED).order_by("-is_default", "pk")
    return rows.only("workspace", "public_id", "address", "name", "is_default")
