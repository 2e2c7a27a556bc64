"""What several columns, or other rows, tell."""

from __future__ import annotations

import operator as operators
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, TextField

from conversations.conditions.context import Context
from conversations.conditions.sources.comparing import is_like, like_patterns
from conversations.conditions.sources.source import NEVER, Source, any_of, read, values_of
from conversations.models import Attachment, Contact, Conversation, Status
from conversations.models.searched import TokensQuery
from conversations.queries import outbox as outbox_queries
from conversations.queries import patterns
from conversations.queries import search as search_queries
from conversations.queries import tickets as ticket_queries
from tickets.models import Ticket


class Words:
    """The words of a conversation, as search finds them: in its subject, contact, messages, notes and files."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        question = search_queries.words(value)
        return reduce(operators.and_, (part.holds for part in question.parts())) if question.size else NEVER

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return Conversation.objects.filter(self.q(operator, value, context), pk=row.pk).exists()


class TicketWords:
    """The words of a ticket, as its search finds them."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        values = ticket_queries.looked_for(value)
        return Q(pk__in=ticket_queries.found_by(**values)) if values else NEVER

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return Ticket.objects.filter(self.q(operator, value, context), pk=row.pk).exists()


class ContactWords:
    """The words of a contact's names and addresses."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        asked = TokensQuery.of(value)
        return NEVER if asked is None else Q(tokens=asked)

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return Contact.objects.filter(self.q(operator, value, context), pk=row.pk).exists()


class OfCustomer:
    """The words of the names and addresses of a conversation's customer."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        asked = TokensQuery.of(value)
        return NEVER if asked is None else Q(contact__tokens=asked)

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return Conversation.objects.filter(self.q(operator, value, context), pk=row.pk).exists()


class Recipient:
    """An address to which a conversation's mails go beside the customer's: its mailbox's, or one in Cc."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        copied = Func(F("cc"), models.Value("\n"), function="array_to_string", output_field=TextField())
        asked = like_patterns(operator, value)
        to_mailbox = any_of(Q(mailbox__address__like_in_any_case=one) for one in asked)
        return to_mailbox | any_of(Q(patterns.LikeInAnyCase(copied, one)) for one in asked)

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        address = read(row, "mailbox__address")
        return (address is not None and is_like(address, operator, value)) or is_like(
            "\n".join(row.cc), operator, value
        )


_STATES: dict[str, Q] = {
    "open": Q(status=Status.OPEN, snoozed_until=None),
    "pending": Q(status=Status.PENDING, snoozed_until=None),
    "snoozed": Q(status__in=(Status.OPEN, Status.PENDING), snoozed_until__isnull=False),
    "resolved": Q(status=Status.RESOLVED),
    "closed": Q(status=Status.CLOSED),
}


class State:
    """A conversation's status as people see it: open and waiting ones are not snoozed."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return any_of(_STATES[one] for one in values_of(operator, value))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        is_snoozed = row.snoozed_until is not None and row.status in (Status.OPEN, Status.PENDING)
        return ("snoozed" if is_snoozed else row.status) in values_of(operator, value)


class HasFile:
    """Whether any message of a conversation has a file."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return Q(Exists(Attachment.objects.filter(message__conversation=OuterRef("pk"))))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return Attachment.objects.filter(message__conversation=row).exists()


class NotSent:
    """Whether a reply of a conversation could not be sent, or waits for somebody to look at it."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return Q(Exists(outbox_queries.to_look_at().filter(conversation=OuterRef("pk"))))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return outbox_queries.to_look_at().filter(conversation=row).exists()


@dataclass(frozen=True, slots=True)
class Linked:
    """Whether a column points at a row."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return Q(**{f"{self.path}__isnull": False})

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return read(row, f"{self.path}_id") is not None


@dataclass(frozen=True, slots=True)
class OfConversations:
    """What holds for any of a ticket's conversations; without a source, whether it has one."""

    source: Source | None = None

    def q(self, operator: str, value: Any, context: Context) -> Q:
        rows = Conversation.objects.filter(ticket=OuterRef("pk"))
        return Q(Exists(rows if self.source is None else rows.filter(self.source.q(operator, value, context))))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = Conversation.objects.filter(ticket=row).select_related("contact")
        if self.source is None:
            return found.exists()
        source = self.source
        return any(source.holds(one, operator, value, context) for one in found)
