"""Changing a customer: each view reads a form and calls one verb."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import clock
from accounts.errors import DomainError, Forbidden, Invalid, NotFound
from accounts.permissions import permit
from conversations import actions
from conversations.models import Contact, ContactAddress
from conversations.queries import customers as queries
from conversations.screens import attributes, toasts
from conversations.screens.contacts import labels, views
from conversations.screens.contacts.forms import CustomerForm
from conversations.screens.shell import DeskRequest, remember, screen, shell
from tickets.models import AttributeSubject
from tickets.queries import attributes_of


@dataclass(frozen=True, slots=True)
class Done:
    """The text of a message, and what to send to which of a customer's pages to take it back."""

    text: str
    undo: str
    given: dict[str, object]


Change = Callable[..., str | Done]


def changes(at_fault: str) -> Callable[[Change], Callable[..., HttpResponseBase]]:
    """Make a view of a function that calls a verb for a customer and returns the text of a message.

    The answer leads to the customer's page; what a verb refuses is shown there in the form `at_fault`.
    """

    def decorate(change: Change) -> Callable[..., HttpResponseBase]:
        @require_POST
        @screen
        @wraps(change)
        def view(request: DeskRequest, public_id: UUID, pk: int | None = None) -> HttpResponse:
            contact = of_page(public_id)
            try:
                text = change(request, contact, *(() if pk is None else (pk,)))
            except (NotFound, Forbidden):
                raise
            except DomainError as error:
                key = error.field if isinstance(error, Invalid) and at_fault == "attributes" else ""
                fault = labels.of_error(error)
                return views.page(
                    request, contact, data=request.POST, fault=fault, at_fault=at_fault, code=error.code,
                    attribute_fault=(key or "", fault), status=422,
                )  # fmt: skip
            if isinstance(text, Done):
                path = reverse(text.undo, args=[request.workspace.slug, contact.public_id])
                toasts.undoable(request, text.text, path, **text.given)
            else:
                messages.success(request, text)
            return redirect("customer", request.workspace.slug, contact.public_id)

        return view

    return decorate


def of_page(public_id: UUID) -> Contact:
    """The customer of a page; one who was merged stands for the one who has their conversations."""
    contact = queries.by_public_id(public_id)
    return contact.merged_into or contact


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def new_customer(request: DeskRequest) -> HttpResponse:
    """A form for a customer who has not written yet; one who is known by the address is found."""
    permit(request.actor, "contact.edit")
    form = CustomerForm.of(None, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            if not data["email"] and not data["name"]:
                raise Invalid(_("Enter a name or an email address"), field="name")
            began = clock.now()
            contact = actions.identify(
                workspace=request.workspace,
                name=data["name"] or None,
                email=data["email"] or None,
                identity_source="manual",
                renames=False,
                by=request.actor,
                at=began,
            )
            if contact.created_at < began:  # nothing of theirs was changed
                text = _("%(email)s belongs to this customer already.")
                messages.info(request, text % {"email": contact.email})
                return redirect("customer", request.workspace.slug, contact.public_id)
            _belong(request, contact, data["company"])
        except Forbidden:
            raise
        except DomainError as error:
            form.refuse(error)
        else:
            return redirect("customer", request.workspace.slug, contact.public_id)
    remember(request)
    facts = {**shell(request, "contacts"), "form": form, "names": _names()}
    return render(request, "contacts/new.html", facts, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def edit_customer(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Name, address and company."""
    permit(request.actor, "contact.edit")
    contact = of_page(public_id)
    form = CustomerForm.of(contact, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            actions.update_contact(
                contact=contact,
                name=data["name"],
                email=data["email"],
                clear=[name for name in ("name", "email") if not data[name] and getattr(contact, name)],
                by=request.actor,
                at=clock.now(),
            )
            if data["company"] != contact.company:
                _belong(request, contact, data["company"])
        except (NotFound, Forbidden):
            raise
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("customer", request.workspace.slug, contact.public_id)
    remember(request)
    facts = {**shell(request, "contacts"), "contact": contact, "form": form, "names": _names()}
    return render(request, "contacts/edit.html", facts, status=422 if form.errors else 200)


@changes("attributes")
def set_attributes(request: DeskRequest, contact: Contact) -> str:
    """Values of custom attributes."""
    rows = list(attributes_of(AttributeSubject.CONTACT))
    given = attributes.typed(rows, contact.attributes, request.POST)
    actions.set_attributes(row=contact, values=given, by=request.actor, at=clock.now())
    return _("Saved.")


@changes("addresses")
def add_address(request: DeskRequest, contact: Contact) -> str:
    """Another address, which the member knows to be theirs, or an id by which a system of theirs names the customer."""
    kind, value = request.POST.get("kind", ""), request.POST.get("value", "")
    if kind == "id":
        actions.add_id(contact=contact, value=value, by=request.actor, at=clock.now())
        return _("ID added.")
    actions.add_address(contact=contact, kind=kind, value=value, by=request.actor, at=clock.now())
    return _("Address added.")


@changes("addresses")
def remove_address(request: DeskRequest, contact: Contact, pk: int) -> str | Done:
    """Take an address away; one that is gone already is no fault."""
    permit(request.actor, "contact.edit")
    address = ContactAddress.objects.filter(contact=contact, pk=pk).first()
    if address is not None:
        actions.remove_address(address=address, by=request.actor, at=clock.now())
        if address.is_verified:  # adding one by hand says that it is theirs
            return Done(_("Address removed."), "add-address", {"kind": address.kind, "value": address.value})
    return _("Address removed.")


@changes("addresses")
def remove_id(request: DeskRequest, contact: Contact) -> Done:
    """Take an ID away; one that is gone already is no fault."""
    value = request.POST.get("value", "")
    actions.remove_id(contact=contact, value=value, by=request.actor, at=clock.now())
    return Done(_("ID removed."), "add-address", {"kind": "id", "value": value})


@changes("note")
def add_note(request: DeskRequest, contact: Contact) -> str:
    """A note about the customer."""
    body = request.POST.get("body", "")
    actions.add_contact_note(contact=contact, body=body, by=request.actor, at=clock.now())
    return _("Note added.")


@changes("note")
def edit_note(request: DeskRequest, contact: Contact, pk: int) -> str:
    """Change one's own note."""
    note = queries.note(contact, pk)
    actions.edit_contact_note(note=note, body=request.POST.get("body", ""), by=request.actor, at=clock.now())
    return _("Note saved.")


@changes("note")
def delete_note(request: DeskRequest, contact: Contact, pk: int) -> str:
    """Delete a note."""
    actions.delete_contact_note(note=queries.note(contact, pk), by=request.actor, at=clock.now())
    return _("Note deleted.")


@changes("block")
def block(request: DeskRequest, contact: Contact) -> str | Done:
    """Block a customer, or with `unblock` take that back."""
    if "unblock" in request.POST:
        actions.unblock_contact(contact=contact, by=request.actor, at=clock.now())
        return _("No longer blocked.")
    actions.block_contact(contact=contact, by=request.actor, at=clock.now())
    return Done(_("Blocked."), "block-customer", {"unblock": 1})


def _belong(request: DeskRequest, contact: Contact, name: str) -> None:
    """Make the company of a name the customer's; one that is not known is created."""
    company, at = queries.company_named(name), clock.now()
    if company is None and name.strip():
        company = actions.create_company(workspace=request.workspace, name=name, by=request.actor, at=at)
    if company is not None or contact.company or contact.organization_id:
        actions.set_company(contact=contact, company=company, by=request.actor, at=at)


def _names() -> list[str]:
    """Companies to choose from while typing."""
    return [company.name for company in queries.companies()[:200]]
