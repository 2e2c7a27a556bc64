"""What the palette finds while someone types: conversations, customers, tickets, and everything that has a name; a few of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.permissions import may, permit
from conversations.models import ViewSubject
from conversations.models.contact import display_name
from conversations.queries import offered
from conversations.queries import search as search_queries
from conversations.queries import tickets as ticket_queries
from conversations.screens import saved_views, snippets, ticketing
from conversations.screens.formatting import url
from conversations.screens.inbox import queries as inbox_queries
from conversations.screens.shell import DeskRequest, screen
from conversations.texts import highlights
from conversations.texts.validation import can_be_kept
from tickets.models import Ticket

MOST = 5
LABELS: Mapping[str, Promise] = {
    "conversation": gettext_lazy("Conversations"),
    "contact": gettext_lazy("Customers"),
    "ticket": gettext_lazy("Tickets"),
    "company": gettext_lazy("Companies"),
    "member": gettext_lazy("Members"),
    "view": gettext_lazy("Saved views"),
    "macro": gettext_lazy("Macros"),
    "article": gettext_lazy("Articles"),
}
"""What each kind is called."""


class Found(NamedTuple):
    """One that was found."""

    url: str
    text: str
    detail: str
    name: str


@require_safe
@screen
def find(request: DeskRequest) -> HttpResponse:
    """At most five of each kind that match `q`, the kinds with the best matches first; as a fragment."""
    permit(request.actor, "conversation.read")
    typed = request.GET.get("q", "").strip()[:200]
    groups = _groups(request, typed) if typed and can_be_kept(typed) else {}
    return render(request, "inbox/find.html", {"groups": groups, "labels": LABELS})


def _groups(request: DeskRequest, typed: str) -> dict[str, list[Found]]:
    text = snippets.words_of(typed)
    words, wanted = highlights.wanted(text), " ".join(text.split())
    named = offered.things(text, request.actor, MOST)
    groups = {
        "conversation": _conversations(request, typed, words),
        "contact": _contacts(request, text, words),
        "ticket": _tickets(request, typed, words) if may(request.actor, "ticket.read") else [],
    }
    groups |= {kind: [_thing(request, one, words) for one in named if one.kind == kind] for kind in _THINGS}

    def best(kind: str) -> int:
        return min(offered.rank(wanted, one.name) for one in groups[kind][:1]) // 2

    # A name that is what was typed, or begins so, comes before the texts that hold it.
    return {kind: groups[kind] for kind in sorted((kind for kind in groups if groups[kind]), key=best)}


def _thing(request: DeskRequest, one: offered.Thing, words: tuple[str, ...]) -> Found:
    return Found(_THINGS[one.kind](request, one), _marked(one.name, words), _about(one), one.name)


def _about(one: offered.Thing) -> str:
    if one.kind == "view":
        return str(ViewSubject(one.about).label)
    return " ".join(one.about.split())


def _list_of(request: DeskRequest, screen: str, **query: str) -> str:
    return f"{url(screen, request.workspace.slug)}?{urlencode(query)}"


_THINGS: dict[str, Callable[[DeskRequest, offered.Thing], str]] = {
    "company": lambda request, one: _page(request, "company", one.key),
    "member": lambda request, one: _list_of(request, "inbox", view="open", assignee=one.key),
    "view": lambda request, one: _list_of(
        request, "tickets" if one.about == ViewSubject.TICKET else "inbox", view=saved_views.key_of(one.key)
    ),
    "macro": lambda request, one: _page(request, "macro", one.key),
    "article": lambda request, one: _page(request, "article", one.key),
}
"""The address of each kind of thing that has a name."""


def _conversations(request: DeskRequest, typed: str, words: tuple[str, ...]) -> list[Found]:
    page = inbox_queries.inbox_page(inbox_queries.INBOX_VIEWS["open"], user=request.user, search=typed, limit=MOST)
    inbox = url("inbox", request.workspace.slug)
    return [
        Found(
            f"{inbox}/{row.number}",
            _marked(row.subject, words),
            f"#{row.number} · {display_name(row.contact__name, row.contact__email, row.contact__external_id, row.contact_id)}",
            row.subject,
        )
        for row in page.rows
    ]


def _contacts(request: DeskRequest, text: str, words: tuple[str, ...]) -> list[Found]:
    return [
        Found(
            _page(request, "customer", row.public_id),
            _marked(row.display_name, words),
            " · ".join(filter(None, [row.email, row.company, _("Blocked") if row.blocked_at else ""])),
            row.display_name,
        )
        for row in offered.named(text, MOST)
    ]


def _tickets(request: DeskRequest, typed: str, words: tuple[str, ...]) -> list[Found]:
    number = search_queries.number(typed)
    text = snippets.words_of(typed)
    if number is not None:
        rows = Ticket.objects.filter(number=number)
    else:  # By the title alone, which an index finds: what was written is found with the conversations.
        rows = ticket_queries.titled(text) if text else Ticket.objects.none()
    found = rows.only("number", "subject", "status").order_by("-updated_at", "-pk")[:MOST]
    return [
        Found(
            _page(request, "ticket", row.number),
            _marked(row.subject or f"#{row.number}", words),
            f"#{row.number} · {ticketing.STATUS[row.status]}",
            row.subject,
        )
        for row in found
    ]


def _page(request: DeskRequest, name: str, key: object) -> str:
    """The page of a row."""
    return reverse(name, args=[request.workspace.slug, key])


def _marked(text: str, words: tuple[str, ...]) -> str | SafeString:
    return snippets.marked(text, words, 90) or text[:90]
