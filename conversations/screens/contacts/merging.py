"""Merging two customers: looking for the other, seeing what will happen, and taking it back."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import clock
from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import permit
from accounts.text import uuid_or_none
from conversations import actions
from conversations.models import Contact
from conversations.queries import customers as queries
from conversations.screens.contacts import labels
from conversations.screens.contacts.changes import of_page
from conversations.screens.shell import DeskRequest, remember, screen, shell

MOST_FOUND = 10


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def merge(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Choose the other customer, look at both, and merge them."""
    permit(request.actor, "contact.merge")
    contact = of_page(public_id)
    given = request.POST if request.method == "POST" else request.GET
    other = _other(given.get("with", ""), contact)
    fault = ""
    if request.method == "POST" and other is not None:
        loser, winner = queries.pair(contact, other)
        try:
            actions.merge_contacts(contact=loser, into=winner, by=request.actor, at=clock.now())
        except (NotFound, Forbidden):
            raise
        except DomainError as error:
            fault = labels.of_merge(error)
        else:
            path = reverse("customer", args=[request.workspace.slug, winner.public_id])
            return redirect(f"{path}?{urlencode({'merged': loser.public_id})}")
    remember(request)
    search = request.GET.get("q", "").strip()[:200]
    found = list(queries.customers(search=search)[: MOST_FOUND + 1]) if search else []
    facts = {
        **shell(request, "contacts"),
        "contact": contact,
        "other": other,
        "pair": _pair(contact, other) if other is not None else None,
        "search": search,
        "found": [row for row in found if row.pk != contact.pk][:MOST_FOUND],
        "suggested": [(one, labels.REASONS[one.reason]) for one in queries.duplicates(contact)] if not other else [],
        "fault": fault,
    }
    return render(request, "contacts/merge.html", facts, status=422 if fault else 200)


@require_POST
@screen
def undo(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Take a merge back: the public id is that of the customer who was merged."""
    permit(request.actor, "contact.merge")
    contact = queries.by_public_id(public_id)
    try:
        contact = actions.undo_contact_merge(contact=contact, by=request.actor, at=clock.now())
    except Forbidden:
        raise
    except NotFound:
        messages.success(request, _("The merge was undone already."))
    except DomainError as error:
        messages.error(request, labels.of_merge(error))
    else:
        messages.success(request, _("Merge undone."))
    return redirect("customer", request.workspace.slug, contact.public_id)


def _other(given: str, contact: Contact) -> Contact | None:
    public_id = uuid_or_none(given)
    if public_id is None:
        return None
    other = of_page(public_id)
    return other if other.pk != contact.pk else None


def _pair(contact: Contact, other: Contact) -> dict[str, object]:
    """The one who goes and the one who stays, with what each has."""
    loser, winner = queries.pair(contact, other)
    counts = queries.conversation_counts([loser, winner])
    return {
        "loser": loser,
        "winner": winner,
        "counts": counts,
        "two_ids": loser.external_id is not None and winner.external_id is not None,
        "rows": [
            (_("Name"), loser.name, winner.name),
            (_("Email"), loser.email, winner.email),
            (_("Company"), loser.company, winner.company),
            (_("ID"), loser.external_id or "", winner.external_id or ""),
        ],
    }
