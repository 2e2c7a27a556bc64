"""Questions about customers: the list, one person's history and open work, and who may be the same person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower

from accounts import journal
from accounts.errors import Invalid, NotFound
from accounts.models import Event, User
from accounts.text import whole_number
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
from conversations.queries.paging import Page, by_text, keyset
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
) -> QuerySet[Contact]:
    """The customers of a list, without those that were merged."""
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
    return rows.select_related("organization")


def people(company: Company, *, before: int | None = None) -> QuerySet[Contact]:
    """The people of a company, the newest first. `before` is the last one of the page before."""
    rows = customers(company=company).order_by("-pk")
    return rows.filter(pk__lt=before) if before is not None else rows


ACTIVE, NAME, CREATED = "active", "name", "created"
ORDERS = (ACTIVE, NAME, CREATED)
"""The orders of the list: last activity in a conversation, newest first; name; newest first."""


def page(
    rows: QuerySet[Contact], *, order: str, is_filtered: bool, after: str | None, limit: int = PAGE
) -> Page[Contact]:
    """One page of them in an order. Those that it cannot order, without a conversation or a name, follow, the newest first.

    Raises Invalid for a cursor that this desk did not make.
    """
    phase, _dot, cursor = (after or "").partition(".")
    first = "rest" if order == CREATED else "first"
    if phase not in ("", first, "rest") or bool(phase) != bool(cursor):
        raise Invalid("invalid cursor", field="cursor")
    found: Page[Contact] = Page([], None)
    if (phase or first) == "first":
        found = _ordered(rows, order, is_filtered, cursor or None, limit)
        if found.next is not None:
            return Page(found.rows, f"first.{found.next}")
        phase, cursor = "", ""
    room = limit - len(found.rows)
    last = whole_number(cursor) if phase else None
    if phase and last is None:
        raise Invalid("invalid cursor", field="cursor")
    rest = _rest(rows, order).order_by("-pk")
    others = list((rest.filter(pk__lt=last) if last is not None else rest)[: room + 1])
    shown = [*found.rows, *others[:room]]
    # With no room, the next page begins with the newest of them.
    if len(others) <= room:
        return Page(shown, None)
    return Page(shown, f"rest.{others[room - 1].pk if room else others[0].pk + 1}")


def _ordered(rows: QuerySet[Contact], order: str, is_filtered: bool, after: str | None, limit: int) -> Page[Contact]:
    """Those that the order can order."""
    if order == NAME:
        named = rows.exclude(name="").annotate(name_key=Lower("name"))
        return by_text(named, by="name_key", after=after, limit=limit)
    if is_filtered:
        # Few are found by what they are filtered by, and these are sorted.
        newest = Conversation.objects.filter(contact=OuterRef("pk")).order_by("-last_activity_at")
        seen = rows.annotate(active_at=Subquery(newest.values("last_activity_at")[:1])).filter(active_at__isnull=False)
        return keyset(seen, by="-active_at", after=after, limit=limit)
    # All conversations in the order of their index: of each customer the newest one, which is their place.
    later = Q(last_activity_at__gt=OuterRef("last_activity_at")) | Q(
        last_activity_at=OuterRef("last_activity_at"), pk__gt=OuterRef("pk")
    )
    newer = Conversation.objects.filter(contact=OuterRef("contact")).filter(later)
    newest = Conversation.objects.filter(~Exists(newer), contact__merged_into=None).only("contact", "last_activity_at")
    places = keyset(newest, by="-last_activity_at", after=after, limit=limit)
    known = rows.in_bulk([place.contact_id for place in places.rows])
    return Page([known[place.contact_id] for place in places.rows if place.contact_id in known], places.next)


def _rest(rows: QuerySet[Contact], order: str) -> QuerySet[Contact]:
    if order == NAME:
        return rows.filter(name="")
    if order == ACTIVE:
        return rows.filter(~Exists(Conversation.objects.filter(contact=OuterRef("pk"))))
    return rows


def last_active(contacts: Sequence[Contact]) -> dict[int, datetime]:
    """When something last happened in a conversation of each of them; those without one are left out. One query."""
    rows = Conversation.objects.filter(contact__in=contacts).order_by().values_list("contact")
    return dict(rows.annotate(last=Max("last_activity_at")))


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
