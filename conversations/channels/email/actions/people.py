"""Who a mail is from and whom it went to, as the desk knows people."""

from __future__ import annotations

import re
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.permissions import Actor, ActorKind
from conversations import actions
from conversations.channels.email.actions import contents
from conversations.mail.parsed import Address, ParsedMail
from conversations.models import Contact, Conversation, InboundMail, MailboxAddress

MOST_COPIES = 50
_NO_REPLY = re.compile(r"(?:no|do-?not|nicht)[._-]?(?:reply|respond|antworten)", re.IGNORECASE)


def own_addresses() -> set[str]:
    """The addresses and aliases of the workspace's mailboxes."""
    return {*MailboxAddress.objects.values_list("address", flat=True)}


def author(parsed: ParsedMail, own: set[str]) -> Address | None:
    """Who wrote it: the sender, or who is to be answered where they say so and are of the same domain, or where a program or a list
    sent it for them; None for the desk itself."""
    sender = parsed.sender or next(iter(parsed.senders), None)
    stands_in = sender is None or _is_own(sender.address, own) or _NO_REPLY.match(sender.address) is not None
    others = [one for one in parsed.reply_to if not _is_own(one.address, own)]
    if len(others) == 1 and (stands_in or (sender is not None and others[0].domain == sender.domain)):
        return others[0]
    return None if sender is not None and _is_own(sender.address, own) else sender


def contact(mail: InboundMail, author: Address | None, *, by: Actor, at: datetime) -> Contact:
    address = author.address.lower() if author is not None else ""
    name = contents.plain(author.name if author is not None else "")[:400]
    try:
        validate_email(address)
    except ValidationError:  # nobody that could be answered: still a person who wrote
        name, address = name or address[:400] or "Unknown sender", ""
    return actions.identify(
        workspace=mail.mailbox.workspace,
        email=address or None,
        name=name or None,
        identity_source="email",
        is_trusted=bool(address),
        renames=False,
        by=by,
        at=at,
    )


def acting(contact: Contact) -> Actor:
    return Actor(ActorKind.CONTACT, contact.workspace_id, id=contact.pk, name=contact.name, email=contact.email)


def copies(parsed: ParsedMail, own: set[str], contact: Contact) -> list[str]:
    """Whom it went to besides the desk: answers go to them too."""
    to, cc = ([one.address.lower() for one in found] for found in (parsed.to, parsed.cc))
    if not any(_is_own(one, own) for one in (*to, *cc)):
        to = []  # it was forwarded: those are addresses of the desk that it does not know
    found = dict.fromkeys(one for one in (*to, *cc) if not _is_own(one, own) and one != contact.email)
    return [*found][:MOST_COPIES]


def add_copies(conversation: Conversation, parsed: ParsedMail, own: set[str], contact: Contact) -> None:
    """Send answers also to whom a mail of somebody who takes part went."""
    known = {*conversation.cc, contact.email}
    new = [one for one in copies(parsed, own, conversation.contact) if one not in known]
    if new:
        conversation.cc = [*conversation.cc, *new][:MOST_COPIES]
        conversation.save(update_fields=["cc"])


def _is_own(address: str, own: set[str]) -> bool:
    """Whether it is an address of a mailbox, also with something behind a plus."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local}@{domain}" in own or f"{local.partition('+')[0]}@{domain}" in own
