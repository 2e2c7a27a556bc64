"""To which conversation a mail belongs, and by which proof: never by its subject, and never by an empty id."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from conversations.channels.email import ids, tokens
from conversations.mail.parsed import ParsedMail
from conversations.models import (
    AddressKind,
    Contact,
    ContactAddress,
    Conversation,
    Delivery,
    DeliveryState,
    Handler,
    MailReference,
    Message,
    Proof,
)

_ANSWER = re.compile(
    r"^\s*(?:(?:re|aw|sv|vs|ref|rif|odp|antw|回复|答复|返信)\s*(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE
)
SUGGEST_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Joined:
    """A conversation, and why a mail belongs to it. A weak proof is one that others may know: an id that was only named."""

    conversation: Conversation
    proof: Proof
    is_strong: bool = True


def find(mail: ParsedMail) -> Joined | None:
    """The conversation that a mail proves to belong to, by the first of four proofs; of one that was joined, the other.

    What is in the Trash takes no mail: it begins a conversation.
    """
    found = _proven(mail)
    if found is None:
        return None
    conversation = found.conversation
    while conversation.joined_into is not None:
        conversation = conversation.joined_into
    if conversation.handler == Handler.TRASH:
        return None
    return replace(found, conversation=conversation)


def _proven(mail: ParsedMail) -> Joined | None:
    if (found := _of_tokens(tokens.in_addresses(mail.delivered_to))) is not None:
        return Joined(found, Proof.REPLY_ADDRESS)
    if (found := _of_ours(mail.in_reply_to)) is not None:
        return Joined(found, Proof.IN_REPLY_TO)
    if (referred := _of_references(mail)) is not None:
        return referred
    if (found := _of_tokens(tokens.in_text(mail.text))) is not None:
        return Joined(found, Proof.MARKER)
    return None


def suggestion(contact: Contact, subject: str, at: datetime) -> Conversation | None:
    """The contact's conversation of that subject, for a mail that answers one and brings no proof: for an agent to decide."""
    bare = _ANSWER.sub("", subject).strip()
    if not bare or bare == subject.strip():
        return None
    rows = Conversation.objects.filter(
        contact=contact, handler=Handler.PEOPLE, last_message_at__gte=at - SUGGEST_WITHIN
    )
    near = rows.order_by("-last_message_at", "-pk")[:20]
    return next((one for one in near if _ANSWER.sub("", one.subject).strip().lower() == bare.lower()), None)


def knows(conversation: Conversation, address: str) -> bool:
    """Whether the team counts on this address in a conversation: its customer's, one that gets copies, or one it has written to.

    Having written is not enough: a stranger who knows an id would be trusted from their second mail on, and so would anybody
    who puts an agent's address in From.
    """
    if not address:
        return False
    if address in (conversation.contact.email, *conversation.cc):
        return True
    own = ContactAddress.objects.filter(contact=conversation.contact_id, kind=AddressKind.EMAIL, value=address)
    if own.filter(is_verified=True).exists():
        return True
    written_to = Delivery.objects.filter(conversation=conversation, state=DeliveryState.SENT)
    return written_to.filter(Q(to__contains=[address]) | Q(cc__contains=[address])).exists()


def _of_tokens(found: Iterable[tokens.Token]) -> Conversation | None:
    for one in found:
        if one.kind == tokens.Kind.CONVERSATION:
            row = Conversation.objects.select_related("contact").filter(pk=one.id).first()
        else:  # what robots answer goes to the return address, too
            row = _of_message(pk=one.id)
        if row is not None:
            return row
    return None


def _of_ours(message_ids: Iterable[str]) -> Conversation | None:
    public_ids = [found for one in message_ids if (found := ids.ours(one)) is not None]
    return _of_message(public_id__in=public_ids) if public_ids else None


def _of_references(mail: ParsedMail) -> Joined | None:
    """By any id that the desk knows: its own first, then one of a mail that came in, then one that was only named."""
    named = tuple(dict.fromkeys((*reversed(mail.references), *mail.in_reply_to, *mail.quoted_ids)))
    if (found := _of_ours(named)) is not None:
        return Joined(found, Proof.REFERENCES)
    keys = ids.keys(named)
    if not keys:
        return None
    rows = {row.key: row for row in MailReference.objects.filter(key__in=keys).select_related("conversation__contact")}
    known = sorted((rows[key] for key in keys if key in rows), key=lambda row: row.is_named_only)
    return Joined(known[0].conversation, Proof.REFERENCES, not known[0].is_named_only) if known else None


def _of_message(**limits: Any) -> Conversation | None:
    rows = Message.objects.filter(**limits).select_related("conversation__contact").order_by("-pk")
    found = rows.first()
    return found.conversation if found is not None else None
