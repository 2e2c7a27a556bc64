"""Erasing a customer, and handing out what is known of them. For admins."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock, tenancy
from accounts.errors import NotFound
from accounts.permissions import permit
from conversations.models import Contact, ErasureState
from conversations.privacy import actions, export, finding
from conversations.queries import customers as queries
from conversations.screens.contacts.changes import of_page
from conversations.screens.shell import DeskRequest, remember, screen, shell


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def erase(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Say what will be gone, and erase once the customer's name was typed."""
    permit(request.actor, "contact.erase")
    contact = of_page(public_id)
    fault = ""
    if request.method == "POST":
        if _same(request.POST.get("name", ""), confirmation(contact)):
            actions.request_erasure(contact=contact, by=request.actor, at=clock.now())
            messages.success(request, _("The customer is being erased."))
            return redirect("customer", request.workspace.slug, contact.public_id)
        fault = _("This is not what you were asked to type. Nothing was erased.")
    remember(request)
    facts = {
        **shell(request, "contacts"),
        "contact": contact,
        "wanted": confirmation(contact),
        "count": queries.conversation_counts([contact]).get(contact.pk, 0),
        "erasure": queries.erasure(contact),
        "fault": fault,
    }
    return render(request, "contacts/erase.html", facts, status=422 if fault else 200)


@require_safe
@screen
def state(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """How far the erasing is, for a page that waits for it, which is loaded anew once it is done."""
    permit(request.actor, "conversation.read")
    contact = queries.by_public_id(public_id)
    erasure = queries.erasure(contact)
    if erasure is None:
        raise NotFound("this customer is not being erased")
    facts = {**shell(request, "contacts"), "contact": contact, "erasure": erasure}
    answer = render(request, "contacts/erasure.html", facts)
    if erasure.state == ErasureState.DONE:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@screen
def export_(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """Everything that is known of a customer, as a JSON file."""
    permit(request.actor, "contact.export")
    at = clock.now()
    contact = actions.export_contact(contact=of_page(public_id), by=request.actor, at=at)
    base = request.build_absolute_uri("/").rstrip("/")

    def parts() -> Iterator[bytes]:
        with tenancy.scope(request.workspace):  # the view has returned by then
            for part in export.parts(contact, at=at, locate=lambda file: f"{base}{finding.path_of(file)}"):
                yield part.encode()

    response = StreamingHttpResponse(parts(), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="customer-{contact.public_id}.json"'
    return response


def confirmation(contact: Contact) -> str:
    """What has to be typed: the address, the name, or what else tells the customer from others."""
    return contact.email or contact.name or contact.reference


def _same(typed: str, wanted: str) -> bool:
    return " ".join(typed.split()).casefold() == " ".join(wanted.split()).casefold()
