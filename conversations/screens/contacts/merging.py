"""Merging two customers: looking for the other, seeing what will happen, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar
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
from accounts.text import uuid_or_none, whole_number
from conversations import actions
from conversations.models import Company, Contact
from conversations.queries import customers as queries
from conversations.queries import duplicates, offered
from conversations.screens import attributes
from conversations.screens.contacts import labels
from conversations.screens.contacts.changes import of_page
from conversations.screens.contacts.duplicates import back
from conversations.screens.shell import DeskRequest, remember, screen, shell
from tickets.models import AttributeSubject
from tickets.queries import attributes_of

MOST_FOUND = 10
Row = TypeVar("Row", Contact, Company)


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
        loser, winner = duplicates.pair(contact, other)
        try:
            actions.merge_contacts(contact=loser, into=winner, by=request.actor, at=clock.now())
        except (NotFound, Forbidden):
            raise
        except DomainError as error:
            fault = labels.of_merge(error)
        else:
            path = reverse("customer", args=[request.workspace.slug, winner.public_id])
            merged = {"merged": loser.public_id}
            return redirect(back(request, **merged) or f"{path}?{urlencode(merged)}")
    remember(request)
    search = request.GET.get("q", "").strip()[:200]
    found = offered.named(search, MOST_FOUND + 1) if search else []
    facts = {
        **shell(request, "contacts"),
        "contact": contact,
        "other": other,
        "pair": _pair(contact, other) if other is not None else None,
        "search": search,
        "found": [row for row in found if row.pk != contact.pk][:MOST_FOUND],
        "suggested": [(one, labels.REASONS[one.reason]) for one in duplicates.duplicates(contact)] if not other else [],
        "fault": fault,
        "is_from_list": given.get("from") == "duplicates",
        "before": whole_number(given.get("before", "")) or "",
    }
    return render(request, "contacts/merge.html", facts, status=422 if fault else 200)


@require_POST
@screen
def undo(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Take a merge back: the public id is that of the customer who was merged."""
    permit(request.actor, "contact.merge")
    contact = queries.by_public_id(public_id)
    contact = taken_back(request, contact, partial(actions.undo_contact_merge, contact=contact), labels.of_merge)
    if path := back(request):
        return redirect(path)
    return redirect("customer", request.workspace.slug, contact.public_id)


def _other(given: str, contact: Contact) -> Contact | None:
    public_id = uuid_or_none(given)
    if public_id is None:
        return None
    other = of_page(public_id)
    return other if other.pk != contact.pk else None


class Taken(NamedTuple):
    """A detail of both, and what it is after the merge: whose it is then is `is_filled` where it was only the one's who goes."""

    label: str
    of_loser: str
    of_winner: str
    result: str

    @property
    def is_filled(self) -> bool:
        return bool(self.of_loser) and not self.of_winner


def _taken(label: str, of_loser: str, of_winner: str) -> Taken:
    return Taken(label, of_loser, of_winner, of_winner or of_loser)


def _pair(contact: Contact, other: Contact) -> dict[str, object]:
    """The one who goes and the one who stays, with what each has, and what is left of it."""
    loser, winner = duplicates.pair(contact, other)
    rows = [
        _taken(_("Name"), loser.name, winner.name),
        _taken(_("Email"), loser.email, winner.email),
        _taken(_("Company"), loser.company, winner.company),
        _taken(_("ID"), loser.external_id or "", winner.external_id or ""),
    ]
    for one in attributes_of(AttributeSubject.CONTACT):
        of_loser, of_winner = (attributes.shown(one, row.attributes.get(one.key)) for row in (loser, winner))
        if of_loser or of_winner:
            rows.append(_taken(one.name, of_loser, of_winner))
    return {
        "loser": loser,
        "winner": winner,
        "counts": queries.conversation_counts([loser, winner]),
        "addresses": queries.address_counts([loser, winner]),
        "notes": queries.note_counts([loser, winner]),
        "two_ids": loser.external_id is not None and winner.external_id is not None,
        "two_emails": bool(loser.email and winner.email and loser.email != winner.email),
        "rows": rows,
    }


def taken_back(
    request: DeskRequest, row: Row, undo: Callable[..., Row], words_for: Callable[[DomainError], str]
) -> Row:
    """Call a verb that takes a merge back, and say what became of it on the next page. Returns the row as it is then."""
    try:
        row = undo(by=request.actor, at=clock.now())
    except Forbidden:
        raise
    except NotFound:
        messages.success(request, _("The merge was undone already."))
    except DomainError as error:
        messages.error(request, words_for(error))
    else:
        messages.success(request, _("Merge undone."))
    return row
