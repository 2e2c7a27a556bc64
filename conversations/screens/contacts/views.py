"""The list of customers, and the page of one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.errors import Invalid, NotFound
from accounts.permissions import may, permit
from accounts.text import uuid_or_none, whole_number
from conversations import channels
from conversations.models import Company, Contact, Handler
from conversations.queries import customers as queries
from conversations.queries import duplicates
from conversations.queries.paging import Page
from conversations.screens import attributes
from conversations.screens.contacts import labels
from conversations.screens.contacts.forms import CustomerForm
from conversations.screens.shell import DeskRequest, is_fragment, remember, screen, shell
from conversations.texts import operators
from tickets import attributes as values
from tickets.models import Attribute, AttributeSubject
from tickets.queries import attributes_of

HISTORY = 25
WORK = 20


@require_safe
@screen
def customers(request: DeskRequest) -> HttpResponse:
    """Customers, those of the last activity first unless another order is chosen: searched, and filtered by company, by an attribute, or by being blocked."""
    permit(request.actor, "conversation.read")
    search = request.GET.get("q", "").strip()[:200]
    company = _company(request.GET.get("company", ""))
    known = list(attributes_of(AttributeSubject.CONTACT))
    attribute, wanted, fault = _wanted(known, request.GET)
    is_blocked = request.GET.get("blocked") == "1"
    order = request.GET.get("order", "")
    order = order if order in queries.ORDERS else queries.ACTIVE
    kept = {"q": search, "company": company.public_id if company else "", "blocked": "1" if is_blocked else ""}
    if wanted is not None and attribute is not None:
        kept |= {"attribute": attribute.key, "value": request.GET.get("value", "")}
    chosen = {name: value for name, value in kept.items() if value}
    rows = queries.customers(search=search, company=company, blocked=is_blocked, attribute=wanted)
    found: Page[Contact] = Page([], None)
    if not fault:
        try:
            found = queries.page(rows, order=order, is_filtered=bool(chosen), after=request.GET.get("after"))
        except Invalid as error:
            raise Http404("no such page") from error
    remember(request)
    ordered = {"order": order} if order != queries.ACTIVE else {}
    facts = {
        **shell(request, "contacts"),
        "customers": found.rows,
        "last_active": queries.last_active(found.rows) if found.rows else {},
        "order": order,
        "orders": [
            (key, text, urlencode({**chosen, "order": key} if key != queries.ACTIVE else chosen))
            for key, text in labels.ORDERS.items()
        ],
        "search": search,
        "company": company,
        "is_blocked": is_blocked,
        "attributes": known,
        "attribute": attribute,
        "value": request.GET.get("value", "")[:200],
        "shown_value": attributes.shown(attribute, wanted[1]) if attribute and wanted else "",
        "fault": fault,
        "without": {name: _without({**chosen, **ordered}, name) for name in ("q", "company", "blocked", "attribute")},
        "query": urlencode({**chosen, **ordered}),
        "next": found.next,
        "is_filtered": bool(chosen),
    }
    template = "contacts/more.html" if is_fragment(request) and request.htmx.target == "more" else "contacts/list.html"
    return render(request, template, facts)


@require_safe
@screen
def customer(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """The page of a customer; that of one who was merged leads to the one who has their conversations."""
    permit(request.actor, "conversation.read")
    contact = queries.by_public_id(public_id)
    if contact.merged_into is not None:
        return redirect("customer", request.workspace.slug, contact.merged_into.public_id)
    remember(request)
    return page(request, contact)


def page(
    request: DeskRequest,
    contact: Contact,
    *,
    data: QueryDict | None = None,
    form: CustomerForm | None = None,
    fault: str = "",
    at_fault: str = "",
    code: str = "",
    attribute_fault: tuple[str, str] = ("", ""),
    status: int = 200,
) -> HttpResponse:
    """The page, with what was typed where it could not be kept: `at_fault` says in which of its forms, `code` why."""
    before = whole_number(request.GET.get("before", ""))
    history = list(queries.history(contact, before=before)[: HISTORY + 1])
    is_open = list(queries.open_conversations(contact)[: WORK + 1])
    undone = uuid_or_none(request.GET.get("merged", ""))
    merged = list(queries.merged(contact)[:WORK])
    may_edit = may(request.actor, "contact.edit") and contact.erased_at is None
    known = list(attributes_of(AttributeSubject.CONTACT))
    facts = {
        **shell(request, "contacts"),
        "contact": contact,
        "form": form or CustomerForm.of(contact),
        "addresses": list(queries.addresses(contact)),
        "other_ids": queries.other_ids(contact),
        "owner": _owner(contact, data) if data and code in ("address_taken", "id_taken") else None,
        "discord_members": list(queries.discord_members(contact)),
        "merged": merged,
        "just_merged": next((row for row in merged if row.public_id == undone), None),
        "fields": attributes.fields(known, contact.attributes, data=data, fault=attribute_fault),
        "traits": _traits(contact),
        "notes": list(queries.notes(contact)[: queries.MOST_NOTES]),
        "history": history[:HISTORY],
        "earlier": history[HISTORY - 1].pk if len(history) > HISTORY else None,
        "is_later": before is not None,
        "open_conversations": is_open[:WORK],
        "all_open": _in_inbox(contact) if len(is_open) > WORK else "",
        "open_tickets": list(queries.open_tickets(contact)[:WORK]),
        "duplicates": [(one, labels.REASONS[one.reason]) for one in duplicates.duplicates(contact)] if may_edit else [],
        "distinct": duplicates.apart_from(contact) if may_edit else [],
        "activity": [
            (labels.of_line(line), labels.of_actor(line), line.event.at) for line in queries.activity(contact)
        ],
        "erasure": queries.erasure(contact),
        "channel": channels.named,
        "statuses": labels.TICKET_STATUSES,
        "spam": Handler.NOBODY,
        "may_edit": may_edit,
        "may_export": may(request.actor, "contact.export"),
        "may_erase": may(request.actor, "contact.erase"),
        "may_delete_notes": may(request.actor, "contact.delete_note"),
        "typed": data or {},
        "fault": fault,
        "at_fault": at_fault,
    }
    return render(request, "contacts/page.html", facts, status=status)


def _owner(contact: Contact, data: QueryDict) -> Contact | None:
    """Who has what was to be added to a customer."""
    found = queries.owner(data.get("kind", ""), data.get("value", ""))
    return found if found is not None and found.pk != contact.pk else None


def _company(given: str) -> Company | None:
    public_id = uuid_or_none(given)
    if public_id is None:
        return None
    try:
        return queries.company(public_id)
    except NotFound:
        return None


def _wanted(known: list[Attribute], data: QueryDict) -> tuple[Attribute | None, tuple[str, Any] | None, str]:
    """The attribute that is asked for, its key with the value as it is stored, and what is wrong with that."""
    attribute = next((one for one in known if one.key == data.get("attribute")), None)
    if attribute is None:
        return None, None, ""
    try:
        value = values.read(attribute, data.get("value", ""))
    except Invalid as error:
        return attribute, None, labels.of_error(error)
    return attribute, (attribute.key, value) if value is not None else None, ""


def _without(chosen: dict[str, Any], name: str) -> str:
    names = {name, "value"} if name == "attribute" else {name}
    return urlencode({key: value for key, value in chosen.items() if key not in names})


def _traits(contact: Contact) -> list[tuple[str, str]]:
    """What callers state of a customer, as texts."""
    traits = contact.traits if isinstance(contact.traits, dict) else {}
    return [(str(name), value if isinstance(value, str) else str(value)) for name, value in sorted(traits.items())][
        :100
    ]


def _in_inbox(contact: Contact) -> str:
    """The query of the inbox that finds their open conversations."""
    called = contact.email or contact.external_id or contact.name
    return urlencode({"q": f"{operators.spelled('from', called)} is:open"}) if called else ""
