"""Questions about customers: the list, one person's history and open work, and who may be the same person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
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
from conversations.models.contact import OF_ID
from conversations.models.searched import holding
from conversations.texts import phones
from conversations.texts.validation import can_be_kept
from tickets.models import Ticket, TicketStatus

PAGE = 50
MOST_NOTES = 100


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
    return Contact.objects.filter(merged_into=contact).exclude(identity_source=OF_ID).order_by("-pk")


def other_ids(contact: Contact) -> list[str]:
    """Ids that were added to a customer beside their own, in the order in which they came."""
    rows = Contact.objects.filter(merged_into=contact, identity_source=OF_ID, external_id__isnull=False)
    return [value for value in rows.order_by("pk").values_list("external_id", flat=True) if value]


def owner(kind: str, value: str) -> Contact | None:
    """The customer who has an address or, as kind `id`, an id."""
    value = value.strip()
    if not can_be_kept(value):
        return None
    if kind == "id":
        known = Contact.objects.select_related("merged_into").filter(external_id=value).first()
    else:
        rows = ContactAddress.objects.select_related("contact").filter(kind=kind, is_verified=True)
        kept = phones.e164(value) or " ".join(value.split()) if kind == "phone" else value.lower()
        other = rows.filter(value=kept).order_by("pk").first()
        own = Contact.objects.filter(email=value.lower(), email__has_text=True, is_verified=True, merged_into=None)
        known = other.contact if other else own.order_by("pk").first()
    return known and (known.merged_into or known)


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


def conversation_counts(contacts: Iterable[Contact]) -> dict[int, int]:
    """How many conversations each of a few customers has."""
    rows = Conversation.objects.filter(contact__in=[*contacts]).order_by().values_list("contact")
    return dict(rows.annotate(count=Count("pk")))


def address_counts(contacts: Iterable[Contact]) -> dict[int, int]:
    """How many other addresses each of a few customers has."""
    rows = ContactAddress.objects.filter(contact__in=[*contacts]).order_by().values_list("contact")
    return dict(rows.annotate(count=Count("pk")))


def note_counts(contacts: Iterable[Contact]) -> dict[int, int]:
    """How many notes there are on each of a few customers."""
    rows = ContactNote.objects.filter(contact__in=[*contacts]).order_by().values_list("contact")
    return dict(rows.annotate(count=Count("pk")))


# --- Companies ----------------------------------------------------------------------------------


def companies(*, search: str = "", after: Company | None = None) -> QuerySet[Company]:
    """Companies by name; `after` is the last one of the page before."""
    rows = Company.objects.filter(merged_into=None).alias(lower=Lower("name"))
    if search:
        rows = rows.filter(holding(search)) if can_be_kept(search) else rows.none()
    if after is not None:
        rows = rows.filter(Q(lower__gt=after.name.lower()) | Q(lower=after.name.lower(), pk__gt=after.pk))
    return rows.order_by("lower", "pk")


def company(public_id: UUID) -> Company:
    """Raises NotFound. One that was merged is itself: its page leads on."""
    row = Company.objects.select_related("merged_into").filter(public_id=public_id).first()
    if row is None:
        raise NotFound("there is no such company")
    return row


def company_named(name: str) -> Company | None:
    """The company of a name, in any case of its letters."""
    name = " ".join(name.split())
    if not name or not can_be_kept(name):
        return None
    rows = Company.objects.filter(merged_into=None).alias(lower=Lower("name"))
    return rows.filter(lower=name.lower()).order_by("pk").first()


def merged_companies(company: Company) -> QuerySet[Company]:
    """Those that were merged into one."""
    return Company.objects.filter(merged_into=company).order_by("-pk")


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


def open_tickets_of(company: Company) -> QuerySet[Ticket]:
    """Tickets of the conversations of a company's customers that are not resolved, the newest first."""
    people = Contact.objects.filter(organization=company).order_by().values("pk")
    theirs = Conversation.objects.filter(contact__in=people, ticket__isnull=False).order_by().values("ticket")
    rows = Ticket.objects.filter(pk__in=theirs).exclude(status=TicketStatus.RESOLVED)
    return rows.select_related("assignee", "team").order_by("-pk")
