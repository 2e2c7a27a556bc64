"""Custom attributes beside the conversation: its own, and those of its customer."""

from __future__ import annotations

from typing import Any

from conversations.models import Conversation
from conversations.screens.attributes import CUSTOMER, fields
from tickets.models import Attribute, AttributeSubject


def facts(conversation: Conversation) -> dict[str, Any]:
    """The fields of both."""
    rows = [Attribute(**row) for row in getattr(conversation, "attribute_rows", ())]  # annotated by with_ticket_card
    of = {subject: [row for row in rows if row.subject == subject] for subject in AttributeSubject.values}
    contact = conversation.contact
    return {
        "attribute_fields": fields(of[AttributeSubject.CONVERSATION], conversation.attributes),
        "customer_fields": fields(of[AttributeSubject.CONTACT], contact.attributes, prefix=CUSTOMER),
    }
