"""What the palette finds while someone types: conversations, customers and tickets, a few of each."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from accounts.permissions import may, permit
from conversations.models import Contact
from conversations.models.contact import display_name
from conversations.models.searched import TokensQuery
from conversations.queries import search as search_queries
from conversations.queries import tickets as ticket_queries
from conversations.screens import snippets, ticketing
from conversations.screens.formatting import url
from conversations.screens.inbox import queries as inbox_queries
from conversations.screens.shell import DeskRequest, screen
from conversations.texts import highlights, operators
from tickets.models import Ticket

MOST = 5


class Found(NamedTuple):
    """One that was found."""

    url: str
    text: str
    detail: str


@require_safe
@screen
def find(request: DeskRequest) -> HttpResponse:
    """At most five conversations, customers and tickets that match `q`; as a fragment."""
    permit(request.actor, "conversation.read")
    typed = request.GET.get("q", "").strip()[:200]
    if "\x00" in typed:
        typed = ""
    words = highlights.wanted(snippets.words_of(typed))
    groups = {
        "conversation": _conversations(request, typed, words) if typed else [],
        "contact": _contacts(request, typed, words) if typed else [],
        "ticket": _tickets(request, typed, words) if typed and may(request.actor, "ticket.read") else [],
    }
    return render(request, "inbox/find.html", {"groups": groups})


def _conversations(request: DeskRequest, typed: str, words: tuple[str, ...]) -> list[Found]:
    page = inbox_queries.inbox_page(inbox_queries.INBOX_VIEWS["open"], user=request.user, search=typed, limit=MOST)
    inbox = url("inbox", request.workspace.slug)
    return [
        Found(
            f"{inbox}/{row.number}",
            _marked(row.subject, words),
            f"#{row.number} · {display_name(row.contact__name, row.contact__email, row.contact__external_id, row.contact_id)}",
        )
        for row in page.rows
    ]


def _contacts(request: DeskRequest, typed: str, words: tuple[str, ...]) -> list[Found]:
    asked = TokensQuery.of(snippets.words_of(typed))
    if asked is None:
        return []
    rows = Contact.objects.filter(tokens=asked).order_by("-pk")
    found = []
    for row in rows.only("public_id", "name", "email", "external_id", "company")[:MOST]:
        mail = f"{url('inbox', request.workspace.slug)}?{urlencode({'q': operators.spelled('from', row.email or row.name or str(row.external_id))})}"
        detail = " · ".join(filter(None, [row.email, row.company]))
        found.append(Found(_page(request, "customer", row.public_id) or mail, _marked(row.display_name, words), detail))
    return found


def _tickets(request: DeskRequest, typed: str, words: tuple[str, ...]) -> list[Found]:
    number = search_queries.number(typed)
    text = snippets.words_of(typed)
    if number is not None:
        rows = Ticket.objects.filter(number=number)
    else:  # By the title alone, which an index finds: what was written is found with the conversations.
        rows = ticket_queries.titled(text) if text else Ticket.objects.none()
    found = rows.only("number", "subject", "status").order_by("-updated_at", "-pk")[:MOST]
    inbox = url("inbox", request.workspace.slug)
    return [
        Found(
            _page(request, "ticket", row.number) or f"{inbox}?{urlencode({'q': f'#{row.number}'})}",
            _marked(row.subject or f"#{row.number}", words),
            f"#{row.number} · {ticketing.STATUS[row.status]}",
        )
        for row in found
    ]


def _page(request: DeskRequest, name: str, key: object) -> str:
    """The page of a row, where there is a section for such."""
    try:
        return reverse(name, args=[request.workspace.slug, key])
    except NoReverseMatch:
        return ""


def _marked(text: str, words: tuple[str, ...]) -> str | SafeString:
    return snippets.marked(text, words, 90) or text[:90]
