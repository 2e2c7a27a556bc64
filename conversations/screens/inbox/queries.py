"""The inbox's views, their pages and their counts, in the open workspace scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, QuerySet, Subquery, When

from accounts.compiled import compiled
from accounts.errors import NotFound
from accounts.models import Event, User, Workspace
from accounts.tenancy import current, viewer
from conversations.assistant import queries as assistant_queries
from conversations.models import Conversation, Handler, InboundMail, Message
from conversations.models.conversation import ConversationQuerySet
from conversations.queries import newest
from conversations.queries import outbox as outbox_queries
from conversations.queries import search as search_queries
from conversations.queries.conversations import conversations, found
from conversations.queries.paging import Page, beyond, page_of, place


class Listed(NamedTuple):
    """What the list prints of a conversation, and no more: thirty whole conversations with their people cost five times that."""

    pk: int
    number: int
    channel: str
    status: str
    unread_count: int
    subject: str
    preview: str
    waiting_since: datetime
    last_message_at: datetime
    snoozed_until: datetime | None
    priority: str
    priority_rank: int
    tags: list[str]
    contact_id: int
    contact__name: str
    contact__email: str
    contact__external_id: str | None
    assignee__name: str | None
    assignee__email: str | None
    team__name: str | None
    ticket__number: int | None


COUNT_CAP = 100
"""Counts that people see stop here ("99+"): an inbox of a million rows costs no more than one of a hundred."""


CARD = (
    *("workspace", "number", "subject", "channel", "handler", "status", "snoozed_until", "priority", "tags"),
    *("message_count", "unread_count", "last_message", "updated_at", "mailbox", "cc", "customer_seen_at"),
    *("follows__number", "joined_into__number"),
    *(f"contact__{name}" for name in ("name", "email", "external_id", "company", "is_verified", "created_at")),
    *("assignee__name", "assignee__email", "team__name"),
    *(f"ticket__{name}" for name in ("number", "subject", "status", "priority", "escalation_reason")),
    *("ticket__assignee__name", "ticket__assignee__email"),
    *(f"assistant_thread__{name}" for name in ("status", "taken_over_at", "ai_resolved", "deleted_at")),
)
"""What the page of a conversation prints of it."""


def is_seen(number: int) -> bool:
    """Whether the viewer of the scope sees the conversation: one that a member has assigned to others, they may no longer see."""
    return viewer() is None or Conversation.objects.filter(number=number).exists()


def with_ticket_card(number: int) -> Conversation:
    """By number, with all that its page shows. Raises NotFound.

    That is the ticket's owner and `ticket_conversations` (how many share the ticket), the assistant's thread, and
    `has_draft`: whether a drafted reply is still open; `has_outgoing`: whether the outbox has anything of it; `has_proposal`: whether the customer is asked about a hand-over.
    """
    found = _card.first(number=number)
    if found is None:
        raise NotFound("there is no such conversation")
    before = found.follows_id
    if before is not None and viewer() is not None and not Conversation.objects.filter(pk=before).exists():
        found.follows = None  # it is shown as one that follows nothing
    return found


@compiled
def _card(*, number: int) -> QuerySet[Conversation]:
    shared = Conversation.objects.filter(ticket=OuterRef("ticket")).order_by().values("ticket").annotate(n=Count("pk"))
    rows = conversations().select_related("ticket__assignee", "assistant_thread", "follows", "joined_into")
    after = Conversation.objects.filter(follows=OuterRef("pk")).order_by("-pk").values("number")
    perhaps = InboundMail.objects.filter(conversation=OuterRef("pk"), suggested__isnull=False).order_by("pk")
    if viewer() is not None:
        perhaps = perhaps.filter(Exists(Conversation.objects.filter(pk=OuterRef("suggested"))))
    rows = rows.annotate(
        continued_in=Subquery(after[:1]),
        suggested_number=Subquery(perhaps.values("suggested__number")[:1]),
        newest_message=Subquery(Message.objects.filter(conversation=OuterRef("pk")).order_by("-pk").values("pk")[:1]),
        ticket_conversations=Subquery(shared.values("n")),
        has_draft=Exists(assistant_queries.undecided_drafts().filter(conversation=OuterRef("pk"))),
        has_outgoing=Exists(outbox_queries.unsettled().filter(conversation=OuterRef("pk"))),
        has_proposal=Exists(assistant_queries.pending_proposals().filter(thread__conversation=OuterRef("pk"))),
    )
    return rows.filter(number=number).order_by("pk").only(*CARD)[:1]


@dataclass(frozen=True, slots=True)
class InboxView:
    """A named queue of the inbox: its key in URLs, its label, and which conversations are in it."""

    key: str
    label: str
    rows: Callable[[ConversationQuerySet, User], ConversationQuerySet]
    is_counted: bool = True
    by: str | None = None
    """The only order that makes sense in it; None where the person chooses."""
    is_personal: bool = False
    """Whether it holds other conversations for each person."""
    short: str = ""
    """The label where there is little room."""


INBOX_VIEWS: dict[str, InboxView] = {
    view.key: view
    for view in (
        InboxView("mine", "Mine", lambda rows, user: rows.for_people().open().assigned_to(user), is_personal=True),
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
            "failed",
            "Failed to send",
            lambda rows, user: rows.exclude(handler=Handler.NOBODY).filter(
                search_queries.Among("pk", outbox_queries.unsent())
            ),
        ),
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
        InboxView("spam", "Spam", lambda rows, user: rows.spam(), by="-last_message_at"),
    )
}
DEFAULT_VIEW = "unassigned"
SORTS = {"oldest": "waiting_since", "newest": "-last_message_at"}
"""How a queue may be sorted: longest waiting first, or newest message first."""


def inbox_rows(view: InboxView, user: User, search: str = "") -> ConversationQuerySet:
    """A view's conversations; with a search, all that match it: the team's, or from its view the assistant's."""
    if search.strip():
        return _searched(found(search), view)
    return view.rows(conversations(), user)


def listed(rows: ConversationQuerySet) -> QuerySet[Any, Any]:
    """The rows as the list prints them."""
    return rows.values_list(*Listed._fields, named=True)


def _searched(rows: ConversationQuerySet, view: InboxView) -> ConversationQuerySet:
    if view.key == "spam":
        return rows.spam()
    return rows.with_the_assistant() if view.key == "assistant" else rows.for_people()


def inbox_page(
    view: InboxView, *, user: User, sort: str = "oldest", search: str = "", after: str | None = None, limit: int = 30
) -> Page[Listed]:
    """One page of the inbox, in one query. Raises Invalid for a cursor that this desk did not make.

    A search is two queries, and of a number three: what has that number comes first, whatever else holds it.
    """
    if not search.strip():
        by = view.by or SORTS.get(sort, SORTS["oldest"])
        person = {"person": user.pk} if view.is_personal else {}
        found_rows = _page.rows(view.key, by, limit + 1, **person, **place(after))
        return page_of(list(map(Listed._make, found_rows)), by=by, limit=limit)
    first: list[Listed] = []
    if (number := search_queries.number(search)) is not None:
        numbered = _searched(conversations(), view).filter(search_queries.Among("pk", search_queries.numbered(number)))
        its_own_first = Case(When(number=number, then=0), default=1)
        first = list(listed(numbered.order_by(its_own_first, "-last_message_at", "-pk"))[:limit])
    values = {**place(after), "first": [row.pk for row in first] or None}
    rows = newest.Listed(_others, "last_message_at", (view.key,), values, shown=_columns)
    rest = newest.newest(rows, search_queries.words(search), limit + 1)
    page = page_of(list(map(Listed._make, rest)), by="-last_message_at", limit=limit)
    return Page(rows=[*first, *page.rows], next=page.next) if after is None else page


def _others(
    view: str, *, moment: datetime | None, pk: int | None, first: list[int] | None = None
) -> QuerySet[Conversation]:
    """Those among which a view's search looks, after a place, without those that are shown `first`."""
    rows = _searched(conversations(), INBOX_VIEWS[view])
    rows = rows if first is None else rows.exclude(pk__any_of=first)
    return beyond(rows, by="-last_message_at", moment=moment, pk=pk)


def _columns(rows: QuerySet[Conversation]) -> QuerySet[Conversation, tuple[Any, ...]]:
    return rows.values_list(*Listed._fields)


@compiled
def _page(
    view: str, by: str, limit: int, *, moment: datetime | None, pk: int | None, person: int | None = None
) -> QuerySet[Conversation, tuple[Any, ...]]:
    rows = INBOX_VIEWS[view].rows(conversations(), User(pk=person))
    return beyond(rows, by=by, moment=moment, pk=pk).values_list(*Listed._fields)[:limit]


def targets(conversation: Conversation, user: User, find: str = "", limit: int = 8) -> list[Listed]:
    """Where messages of a conversation may go: what is found, or else the other conversations of its customer, newest first."""
    if find:
        found = inbox_page(INBOX_VIEWS["open"], user=user, search=find, limit=limit + 1).rows
        return [row for row in found if row.pk != conversation.pk][:limit]
    rows = conversations().for_people().filter(contact=conversation.contact_id, joined_into=None)
    rows = rows.exclude(pk=conversation.pk).order_by("-last_message_at", "-pk")
    return list(listed(rows)[:limit])


def inbox_counts(user: User) -> dict[str, int]:
    """How many conversations each counted view holds, at most COUNT_CAP each, in one query."""
    (counts,) = _counts.rows(COUNT_CAP, person=user.pk)
    return dict(zip(_COUNTED, counts, strict=True))


def inbox_counts_and_event(user: User) -> tuple[dict[str, int], int]:
    """As `inbox_counts`, and the id of the workspace's newest event before them (0 in an empty one), in the same query."""
    ((newest, *counts),) = _counts.rows(COUNT_CAP, True, person=user.pk)
    return dict(zip(_COUNTED, counts, strict=True)), newest or 0


_COUNTED = [key for key, view in INBOX_VIEWS.items() if view.is_counted]


class _Count(Subquery):
    """How many rows a sub-select gives."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS rows)"
    output_field = IntegerField()


@compiled
def _counts(cap: int, with_event: bool = False, *, person: int) -> QuerySet[Workspace, tuple[Any, ...]]:
    """The newest event, if that is wanted, and the counts of the views: one row."""
    newest = Event.objects.filter(workspace=current()).order_by("-id").values("id")[:1]
    columns = [Subquery(newest)] if with_event else []
    for key in _COUNTED:
        view = INBOX_VIEWS[key]
        rows = view.rows(conversations(), User(pk=person))
        # In an order of an index: PostgreSQL would else look for them from the beginning of the table.
        order = ("waiting_since", "pk") if view.by is None else (view.by, "-pk")
        columns.append(_Count(rows.order_by(*order).values("pk")[:cap]))
    return Workspace.objects.filter(pk=current().pk).values_list(*columns)
