"""The inbox's views, their pages and their counts, in the open workspace scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.db import connection
from django.db.models import Case, Count, Exists, OuterRef, Q, Subquery, When

from accounts.models import User
from conversations.assistant import queries as assistant_queries
from conversations.models import (
    Conversation,
)
from conversations.models.conversation import ConversationQuerySet
from conversations.queries import search as search_queries
from conversations.queries.conversations import conversations, found, one
from conversations.queries.paging import Page, keyset

COUNT_CAP = 100
"""Counts that people see stop here ("99+"): an inbox of a million rows costs no more than one of a hundred."""


def with_ticket_card(number: int) -> Conversation:
    """By number, with all that its page shows. Raises NotFound.

    That is the ticket's owner and `ticket_conversations` (how many share the ticket), the assistant's thread, and
    `has_draft`: whether a drafted reply is still open; `has_proposal`: whether the customer is asked about a hand-over.
    """
    shared = Conversation.objects.filter(ticket=OuterRef("ticket")).order_by().values("ticket").annotate(n=Count("pk"))
    rows = conversations().select_related("ticket__assignee", "assistant_thread")
    rows = rows.annotate(
        ticket_conversations=Subquery(shared.values("n")),
        has_draft=Exists(assistant_queries.undecided_drafts().filter(conversation=OuterRef("pk"))),
        has_proposal=Exists(assistant_queries.pending_proposals().filter(thread__conversation=OuterRef("pk"))),
    )
    return one(rows.filter(number=number).order_by("pk"))


@dataclass(frozen=True, slots=True)
class InboxView:
    """A named queue of the inbox: its key in URLs, its label, and which conversations are in it."""

    key: str
    label: str
    rows: Callable[[ConversationQuerySet, User], ConversationQuerySet]
    is_counted: bool = True
    by: str | None = None
    """The only order that makes sense in it; None where the person chooses."""
    short: str = ""
    """The label where there is little room."""


INBOX_VIEWS: dict[str, InboxView] = {
    view.key: view
    for view in (
        InboxView("mine", "Mine", lambda rows, user: rows.for_people().open().assigned_to(user)),
        InboxView("unassigned", "Unassigned", lambda rows, user: rows.for_people().open().unassigned()),
        InboxView("open", "All open", lambda rows, user: rows.for_people().open()),
        InboxView(
            "waiting",
            "Waiting on customer",
            lambda rows, user: rows.for_people().waiting_on_customer(),
            short="Waiting",
        ),
        InboxView("snoozed", "Snoozed", lambda rows, user: rows.for_people().snoozed()),
        InboxView("news", "Replied after closing", lambda rows, user: rows.for_people().closed_with_unread()),
        InboxView(
            "assistant",
            "Assistant",
            lambda rows, user: rows.with_the_assistant(),
            is_counted=False,
            by="-last_message_at",
        ),
        InboxView(
            "solved", "Resolved", lambda rows, user: rows.for_people().done(), is_counted=False, by="-last_message_at"
        ),
    )
}
DEFAULT_VIEW = "unassigned"
SORTS = {"oldest": "waiting_since", "newest": "-last_message_at"}
"""How a queue may be sorted: longest waiting first, or newest message first."""


def inbox_rows(view: InboxView, user: User, search: str = "") -> ConversationQuerySet:
    """A view's conversations; with a search, all that match it: the team's, or from its view the assistant's."""
    if search.strip():
        return found(search).with_the_assistant() if view.key == "assistant" else found(search).for_people()
    return view.rows(conversations(), user)


def inbox_page(
    view: InboxView, *, user: User, sort: str = "oldest", search: str = "", after: str | None = None, limit: int = 30
) -> Page[Conversation]:
    """One page of the inbox, in one query. Raises Invalid for a cursor that this desk did not make.

    A search for a number is two queries: what has that number comes first, whatever else holds it.
    """
    rows = inbox_rows(view, user, search)
    if not search.strip():
        return keyset(rows, by=view.by or SORTS.get(sort, SORTS["oldest"]), after=after, limit=limit)
    first: list[Conversation] = []
    if (number := search_queries.number(search)) is not None:
        numbered = rows.filter(Q(number=number) | Q(ticket__number=number))
        its_own_first = Case(When(number=number, then=0), default=1)
        first = list(numbered.order_by(its_own_first, "-last_message_at", "-pk")[:limit])
        rows = rows.exclude(pk__in=[row.pk for row in first])
    page = keyset(rows, by="-last_message_at", after=after, limit=limit)
    return Page(rows=[*first, *page.rows], next=page.next) if after is None else page


def inbox_counts(user: User) -> dict[str, int]:
    """How many conversations each counted view holds, at most COUNT_CAP each, in one query."""
    parts: list[str] = []
    params: list[Any] = []
    keys: list[str] = []
    for view in INBOX_VIEWS.values():
        if not view.is_counted:
            continue
        rows = view.rows(cast(ConversationQuerySet, Conversation.objects.get_queryset()), user)
        sql, values = rows.order_by().values("pk")[:COUNT_CAP].query.sql_with_params()
        parts.append(f"(SELECT count(*) FROM ({sql}) AS rows)")  # noqa: S608 (the ORM's own SQL)
        params.extend(values)
        keys.append(view.key)
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts), params)
        return dict(zip(keys, cursor.fetchone(), strict=True))
