"""Questions about customers: the list, one person's history and open work, and who may be the same person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from accounts import journal
from accounts.errors import NotFound
from accounts.models import Event, User
from conversations.models import (
    Company,
    Contact,
    ContactAddress,
    ContactNote,
    Conversation,
    DiscordMember,
    Erasure,
    Handler,
    Status,
)
from conversations.models.contact import ERASED
from conversations.models.searched import holding
from conversations.texts.validation import can_be_kept
from tickets.models import Ticket, TicketStatus

PAGE = 50
MOST_SUGGESTED = 5
MOST_NOTES = 100
_TRAIT_IDS = ("user_id", "userId", "customer_id", "customerId", "account_id", "accountId")
"""Traits by which a caller names the same person."""


def customers(
    *,
    search: str = "",
    company: Company | None = None,
    blocked: bool = False,
    attribute: tuple[str, Any] | None = None,
    before: int | None = None,
) -> QuerySet[Contact]:
    """The customers of a list, the newest first, without those that were merged. `before` is the last one of the page before."""
    rows = Contact.objects.filter(merged_into=None)
    if search:
        rows = rows.filter(holding(search)) if can_be_kept(search) else rows.none()
    if company is not None:
        rows = rows.filter(organization=company)
    if blocked:
        rows = rows.filter(blocked_at__isnull=False)
    if attribute is not None:
        key, value = attribute
        rows = rows.filter(attributes__contains={key: value})
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return rows.select_related("organization").order_by("-pk")


def last_seen(contacts: Sequence[Contact]) -> dict[int, datetime]:
    """When something was last visible to each of them in a conversation; those without one are left out. One query."""
    rows = Conversation.objects.filter(contact__in=contacts).order_by().values_list("contact")
    return dict(rows.annotate(last=Max("last_visible_at")))


def by_public_id(public_id: UUID) -> Contact:
    """Raises NotFound. One that was merged is itself: its page leads on."""
    row = Contact.objects.select_related("organization", "merged_into").filter(public_id=public_id).first()
    if row is None:
        raise NotFound("there is no such customer")
    return row


def history(contact: Contact, *, before: int | None = None) -> QuerySet[Conversation]:
    """Their conversations over all channels, the newest first, spam and joined ones too."""
    rows = Conversation.objects.filter(contact=contact)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return rows.select_related("assignee", "team", "joined_into").order_by("-pk")


def open_conversations(contact: Contact) -> QuerySet[Conversation]:
    """What is not resolved and not spam."""
    rows = Conversation.objects.filter(contact=contact, status__in=(Status.OPEN, Status.PENDING))
    return rows.exclude(handler=Handler.NOBODY).select_related("assignee", "team").order_by("-pk")


def open_tickets(contact: Contact) -> QuerySet[Ticket]:
    """Tickets of their conversations that are not resolved."""
    theirs = Conversation.objects.filter(contact=contact, ticket__isnull=False).order_by().values("ticket")
    rows = Ticket.objects.filter(pk__in=theirs).exclude(status=TicketStatus.RESOLVED)
    return rows.select_related("assignee", "team").order_by("-pk")


def notes(contact: Contact) -> QuerySet[ContactNote]:
    """What the team noted, the newest first."""
    return ContactNote.objects.select_related("author").filter(contact=contact).order_by("-pk")


def note(contact: Contact, pk: int) -> ContactNote:
    """Raises NotFound."""
    row = ContactNote.objects.filter(contact=contact, pk=pk).first()
    if row is None:
        raise NotFound("there is no such note")
    return row


def addresses(contact: Contact) -> QuerySet[ContactAddress]:
    """Their other addresses, in the order in which they came."""
    return ContactAddress.objects.filter(contact=contact).order_by("kind", "pk")


def discord_members(contact: Contact) -> QuerySet[DiscordMember]:
    """Who they are on Discord."""
    return DiscordMember.objects.filter(contact=contact).order_by("pk")


def merged(contact: Contact) -> QuerySet[Contact]:
    """Those that were merged into one."""
    return Contact.objects.filter(merged_into=contact).order_by("-pk")


def erasure(contact: Contact) -> Erasure | None:
    """The erasing of a customer, where it was asked for."""
    return Erasure.objects.select_related("requested_by").filter(contact=contact).first()


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened to a customer, and which member did it, if one did."""

    event: Event
    actor: User | None


def activity(contact: Contact, limit: int = 20) -> list[Line]:
    """What happened to a customer, the newest first."""
    rows = journal.lines_of(contact)
    found = list(rows.order_by("-pk")[:limit])
    ids = {event.actor_id for event in found if event.actor_kind == "operator" and event.actor_id}
    people = User.objects.in_bulk(sorted(ids)) if ids else {}
    return [Line(event, people.get(event.actor_id or 0) if event.actor_kind == "operator" else None) for event in found]


# --- Duplicates ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A customer who may be the same person, and why: `address`, `phone`, `id` or `name`."""

    contact: Contact
    reason: str


def duplicates(contact: Contact) -> list[Duplicate]:
    """Who may be the same person, the surest first: of the same address, phone, id in their traits, or name and company."""
    if contact.erased_at is not None or contact.merged_into_id is not None:
        return []
    found: dict[int, Duplicate] = {}
    for reason, rows in _alike(contact):
        for row in rows[:MOST_SUGGESTED]:
            if len(found) < MOST_SUGGESTED:
                found.setdefault(row.pk, Duplicate(row, reason))
    return list(found.values())


def _alike(contact: Contact) -> Iterable[tuple[str, QuerySet[Contact]]]:
    others = Contact.objects.filter(merged_into=None, erased_at=None).exclude(pk=contact.pk)
    others = others.select_related("organization").order_by("-is_verified", "pk")
    own = list(addresses(contact).values_list("kind", "value")[:20])
    emails = [one for one in (contact.email, *(value for kind, value in own if kind == "email")) if one]
    phones = [value for kind, value in own if kind == "phone"]
    if emails:
        also = ContactAddress.objects.filter(contact=OuterRef("pk"), kind="email", value__in=emails)
        by_email = others.filter(email__in=emails, email__has_text=True)
        ids = ContactAddress.objects.filter(kind="email", value__in=emails).order_by().values("contact")
        yield "address", by_email
        yield "address", others.filter(Exists(also), pk__in=ids)
    if phones:
        yield "phone", others.filter(pk__in=ContactAddress.objects.filter(kind="phone", value__in=phones).order_by().values("contact"))  # fmt: skip
    named = [str(contact.traits[name]) for name in _TRAIT_IDS if contact.traits.get(name)] if contact.traits else []
    if named:
        yield "id", others.filter(external_id__in=named)
    if contact.name and contact.name != ERASED and contact.company:
        yield (
            "name",
            others.alias(lower=Lower("name"))
            .filter(lower=contact.name.lower(), company__iexact=contact.company)
            .exclude(name=""),
        )


def pair(one: Contact, other: Contact) -> tuple[Contact, Contact]:
    """Which of two is merged into which: the verified one stays, else the one with an id of its own, else the older."""

    def weight(row: Contact) -> tuple[bool, bool, int]:
        return (row.is_verified, row.external_id is not None, -row.pk)

    return (one, other) if weight(other) > weight(one) else (other, one)


def conversation_counts(contacts: Iterable[Contact]) -> dict[int, int]:
    """How many conversations each of a few customers has."""
    rows = Conversation.objects.filter(contact__in=[*contacts]).order_by().values_list("contact")
    return dict(rows.annotate(count=Count("pk")))


# --- Companies ----------------------------------------------------------------------------------


def companies(*, search: str = "", after: Company | None = None) -> QuerySet[Company]:
    """Companies by name; `after` is the last one of the page before."""
    rows = Company.objects.alias(lower=Lower("name"))
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(domains__contains=[search.lower()]))
        rows = rows if can_be_kept(search) else rows.none()
    if after is not None:
        rows = rows.filter(Q(lower__gt=after.name.lower()) | Q(lower=after.name.lower(), pk__gt=after.pk))
    return rows.order_by("lower", "pk")


def company(public_id: UUID) -> Company:
    """Raises NotFound."""
    row = Company.objects.filter(public_id=public_id).first()
    if row is None:
        raise NotFound("there is no such company")
    return row


def company_named(name: str) -> Company | None:
    """The company of a name, in any case of its letters."""
    name = " ".join(name.split())
    if not name or not can_be_kept(name):
        return None
    return Company.objects.alias(lower=Lower("name")).filter(lower=name.lower()).order_by("pk").first()


def people_counts(companies: Sequence[Company]) -> dict[int, int]:
    """How many customers belong to each. One query."""
    rows = Contact.objects.filter(organization__in=companies, merged_into=None).order_by().values_list("organization")
    return dict(rows.annotate(count=Count("pk")))


def conversations_of(company: Company, *, is_open: bool) -> QuerySet[Conversation]:
    """The conversations of a company's customers, the newest first; with `is_open` those that are not resolved."""
    people = Contact.objects.filter(organization=company).order_by().values("pk")
    rows = Conversation.objects.filter(contact__in=people).exclude(handler=Handler.NOBODY)
    if is_open:
        rows = rows.filter(status__in=(Status.OPEN, Status.PENDING))
    return rows.select_related("contact", "assignee", "team", "joined_into").order_by("-pk")
