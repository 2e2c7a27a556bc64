"""Customers who may be one person: the list of the whole workspace, and remembering that two are not."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import clock
from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import may, permit
from accounts.text import uuid_or_none, whole_number
from conversations import actions
from conversations.models import Contact
from conversations.queries import customers as queries
from conversations.queries import duplicates
from conversations.screens import toasts
from conversations.screens.contacts import labels
from conversations.screens.shell import DeskRequest, remember, screen, shell


@require_safe
@screen
def listing(request: DeskRequest) -> HttpResponse:
    """Pairs of customers who may be one person, the newest first."""
    permit(request.actor, "conversation.read")
    before = whole_number(request.GET.get("before", ""))
    found, following = duplicates.pairs(before)
    merged = uuid_or_none(request.GET.get("merged", ""))
    remember(request)
    facts = {
        **shell(request, "contacts"),
        "pairs": [(pair, labels.REASONS[pair.reason]) for pair in found],
        "counts": queries.conversation_counts([row for pair in found for row in (pair.one, pair.other)])
        if found
        else {},
        "next": following,
        "is_later": before is not None,
        "request_before": before,
        "just_merged": _merged(merged) if merged else None,
        "may_edit": may(request.actor, "contact.merge"),
    }
    return render(request, "contacts/duplicates.html", facts)


@require_POST
@screen
def mark_distinct(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Remember that two customers are not one person, or with `undo` forget it; the answer leads back to where it was asked."""
    permit(request.actor, "contact.merge")
    contact = queries.by_public_id(public_id)
    other = queries.by_public_id(uuid_or_none(request.POST.get("with", "")) or public_id)
    is_distinct = "undo" not in request.POST
    try:
        actions.mark_distinct(contact=contact, other=other, is_distinct=is_distinct, by=request.actor, at=clock.now())
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        messages.error(request, labels.of_error(error))
    else:
        _say(request, contact, other, is_distinct)
    return redirect(back(request) or reverse("customer", args=[request.workspace.slug, contact.public_id]))


def _say(request: DeskRequest, contact: Contact, other: Contact, is_distinct: bool) -> None:
    if not is_distinct:
        messages.success(request, _("Suggested again."))
        return
    text = _("%(name)s and %(other)s are no longer suggested as duplicates.")
    toasts.undoable(
        request,
        text % {"name": shortened(contact), "other": shortened(other)},
        reverse("mark-distinct", args=[request.workspace.slug, contact.public_id]),
        **{"with": other.public_id, "undo": 1},
        **{name: value for name in ("from", "before") if (value := request.POST.get(name))},
    )


def shortened(contact: Contact) -> str:
    """What a customer is called, in a sentence."""
    return Truncator(contact.display_name).chars(60)


def back(request: DeskRequest, **query: object) -> str:
    """The list of duplicates, where a form was sent from there."""
    if request.POST.get("from") != "duplicates":
        return ""
    path = reverse("duplicates", args=[request.workspace.slug])
    before = whole_number(request.POST.get("before", ""))
    kept = {**({"before": before} if before else {}), **query}
    return f"{path}?{urlencode(kept)}" if kept else path


def _merged(public_id: UUID) -> object:
    """A customer who was merged just now."""
    try:
        row = queries.by_public_id(public_id)
    except NotFound:
        return None
    return row if row.merged_into_id is not None else None
