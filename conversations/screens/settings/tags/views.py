"""Tags: listed for everyone; renamed, recoloured, merged and deleted by owners and admins."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import clock
from accounts.errors import DomainError
from accounts.permissions import may, permit
from accounts.text import whole_number
from conversations import actions
from conversations.models import Conversation
from conversations.screens.sentences import sentence
from conversations.screens.settings import frame
from conversations.screens.shell import DeskRequest, remember, screen
from tickets import tags as catalogue
from tickets.models import Tag, Ticket

COUNTED = 10_000
"""Uses are counted in so many of the newest conversations and tickets."""
SHOWN = 500
HUES = tuple(range(0, 360, 30))


@dataclass(frozen=True, slots=True)
class Use:
    """How often a tag is used."""

    conversations: int
    tickets: int


@require_GET
@screen
def tags(request: DeskRequest) -> HttpResponse:
    """Every tag with its colour and how often it is used, by name."""
    permit(request.actor, "workspace.read")
    rows = list(Tag.objects.order_by("name", "pk")[: SHOWN + 1])
    of_conversations = _counted(Conversation.objects.order_by("-created_at", "-pk"))
    of_tickets = _counted(Ticket.objects.order_by("-pk"))
    remember(request)
    facts = {
        **frame.facts(request, "tags"),
        "tags": [
            (row, Use(of_conversations[key], of_tickets[key]))
            for row in rows[:SHOWN]
            for key in [catalogue.key(row.name)]
        ],
        "has_more": len(rows) > SHOWN,
        "counted": COUNTED,
        "may_change": may(request.actor, "tag.write"),
    }
    return render(request, "settings/tags/list.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def tag(request: DeskRequest, number: int) -> HttpResponse:
    """Rename a tag and choose its colour."""
    permit(request.actor, "tag.write")
    row, fault, name = _tag(number), "", ""
    if request.method == "POST":
        name, hue = request.POST.get("name", ""), whole_number(request.POST.get("hue", ""))
        try:
            if hue is not None:
                actions.recolour_tag(tag=row, hue=hue, by=request.actor, at=clock.now())
            actions.rename_tag(tag=row, name=name, by=request.actor, at=clock.now())
        except DomainError as error:
            fault = sentence(error)
        else:
            messages.success(request, _("Saved. Conversations and tickets follow within a few minutes."))
            return redirect("tags", request.workspace.slug)
    facts = {
        **frame.facts(request, "tags", "tag.write"),
        "tag": row,
        "name": name or row.name,
        "fault": fault,
        "hues": HUES,
        "hue": min(HUES, key=lambda hue: abs(hue - row.hue)),
    }
    return render(request, "settings/tags/tag.html", facts, status=422 if fault else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def delete(request: DeskRequest, number: int) -> HttpResponse:
    """Ask by which tag, if any, this one is to be replaced, and delete it."""
    permit(request.actor, "tag.write")
    row = _tag(number)
    if request.method == "POST":
        wanted = request.POST.get("into", "")
        into = _tag(whole_number(wanted) or 0) if wanted else None
        try:
            actions.delete_tag(tag=row, into=into, by=request.actor, at=clock.now())
        except DomainError as error:
            messages.error(request, sentence(error))
        else:
            messages.success(
                request,
                _("%(name)s is merged into %(other)s. Conversations and tickets follow within a few minutes.")
                % {"name": row.name, "other": into.name}
                if into is not None
                else _("%(name)s is deleted. Conversations and tickets follow within a few minutes.")
                % {"name": row.name},
            )
        return redirect("tags", request.workspace.slug)
    facts = {
        **frame.facts(request, "tags", "tag.write"),
        "tag": row,
        "others": Tag.objects.exclude(pk=row.pk).order_by("name", "pk")[:SHOWN],
    }
    return render(request, "settings/tags/delete.html", facts)


def _counted(rows: object) -> Counter[str]:
    lists = rows.values_list("tags", flat=True)[:COUNTED]  # type: ignore[attr-defined]
    return Counter(chain.from_iterable({catalogue.key(name) for name in names} for names in lists))


def _tag(number: int) -> Tag:
    found = Tag.objects.filter(pk=number).first()
    if found is None:
        raise Http404("no such tag")
    return found
