"""The inbox's views, their pages and their counts, in the open workspace scope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import clock
from accounts.compiled import compiled
from accounts.models import Event, Team, User, Workspace
from accounts.tenancy import current, viewer
from conversations import conditions
from conversations.conditions import Condition, Context
from conversations.conditions.typed import typed
from conversations.models import CallbackRequest, Conversation, Handler, Mention, SavedView
from conversations.models.conversation import ConversationQuerySet, NextDeadline
from conversations.queries import newest
from conversations.queries import outbox as outbox_queries
from conversations.queries import search as search_queries
from conversations.queries.conversations import conversations
from conversations.queries.paging import Page, beyond, page_of, place
from conversations.screens import filters as filtering
from conversations.screens import saved_views


class Listed(NamedTuple):
    """What the list prints of a conversation, and no more: fifty whole conversations with their people cost five times that."""

    pk: int
    number: int
    channel: str
    status: str
    unread_count: int
    subject: str
    preview: str
    waiting_since: datetime
    last_message_at: datetime
    deadline: datetime
    """When the next reply is due; NEVER where none is."""
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
    assignee__public_id: UUID | None
    assignee__picture: str | None
    team__name: str | None
    ticket__number: int | None
    call_at: datetime | None
    """When the customer wants to be called, until they were."""
    mentioned: list[int]
    """The ids of the members who were mentioned in it, and have not looked since."""
    is_unsent: bool


COUNT_CAP = 100
"""Counts that people see stop here ("99+"): an inbox of a million rows costs no more than one of a hundred."""


def is_seen(number: int) -> bool:
    """Whether the viewer of the scope sees the conversation: one that a member has assigned to others, they may no longer see."""
    return viewer() is None or Conversation.objects.filter(number=number).exists()


@dataclass(frozen=True, slots=True)
class InboxView:
    """A named queue of the inbox: its key in URLs, its label, and which conversations are in it."""

    key: str
    label: str | Promise
    rows: Callable[[ConversationQuerySet, User], ConversationQuerySet]
    is_counted: bool = True
    by: str | None = None
    """The only order that makes sense in it; None where the person chooses."""
    is_personal: bool = False
    """Whether it holds other conversations for each person."""
    short: str | Promise = ""
    """The label where there is little room."""
    statuses: tuple[str, ...] = ()
    """In which statuses conversations are in it, and no others; empty where that is not what decides."""
    is_snoozed: bool = False
    """Whether what is snoozed is in it."""
    counted: Callable[[ConversationQuerySet, User], ConversationQuerySet] | None = None
    """Those of its conversations that are counted, where not all are."""
    saved: SavedView | None = None
    """What it is made of, if members saved it."""

    @property
    def is_saved(self) -> bool:
        return self.saved is not None

    def searched(self, typed: str) -> str:
        """All that is searched for in it: what a saved view searches for, and what was typed."""
        return f"{self.saved.search if self.saved else ''} {typed}".strip()


def _of_teams(rows: ConversationQuerySet, user: User) -> ConversationQuerySet:
    return rows.for_people().open().filter(team__in=Team.objects.filter(members=user))


def _mentioning(rows: ConversationQuerySet, user: User) -> ConversationQuerySet:
    return rows.for_people().filter(search_queries.Among("pk", _mentions(user)))


def _mentioning_unseen(rows: ConversationQuerySet, user: User) -> ConversationQuerySet:
    return rows.for_people().filter(search_queries.Among("pk", _mentions(user, seen_at=None)))


def _mentions(user: User, **more: Any) -> QuerySet[Mention, int]:
    rows = Mention.objects.filter(user=user, **more).order_by("-created_at", "-pk")
    return rows.values_list("conversation", flat=True)[:MOST_MENTIONS]


def _to_call(rows: ConversationQuerySet, user: User) -> ConversationQuerySet:
    calls = CallbackRequest.objects.filter(done_at=None).order_by("due_at", "pk")
    return rows.for_people().filter(
        search_queries.Among("pk", calls.values_list("conversation", flat=True)[:MOST_CALLS])
    )


MOST_MENTIONS = 300
"""The newest mentions of a person that are looked at."""
MOST_CALLS = 1000
"""The calls due first that are looked at."""

INBOX_VIEWS: dict[str, InboxView] = {
    view.key: view
    for view in (
        InboxView(
            "mine",
            pgettext_lazy("conversations", "Mine"),
            lambda rows, user: rows.for_people().open().assigned_to(user),
            is_personal=True,
            statuses=("open",),
        ),
        InboxView(
            "unassigned",
            pgettext_lazy("conversations", "Unassigned"),
            lambda rows, user: rows.for_people().open().unassigned(),
            statuses=("open",),
        ),
        InboxView("open", _("All open"), lambda rows, user: rows.for_people().open(), statuses=("open",)),
        InboxView("teams", _("My teams"), _of_teams, is_personal=True, statuses=("open",)),
        InboxView(
            "mentions",
            _("Mentions"),
            _mentioning,
            is_personal=True,
            by="-last_message_at",
            counted=_mentioning_unseen,
        ),
        InboxView(
            "waiting",
            _("Waiting on customer"),
            lambda rows, user: rows.for_people().waiting_on_customer(),
            short=pgettext_lazy("on the customer", "Waiting"),
            statuses=("pending",),
        ),
        InboxView(
            "snoozed",
            pgettext_lazy("conversations", "Snoozed"),
            lambda rows, user: rows.for_people().snoozed(),
            statuses=("open", "pending"),
            is_snoozed=True,
        ),
        InboxView("callbacks", _("Callbacks"), _to_call),
        InboxView(
            "news",
            _("Replied after closing"),
            lambda rows, user: rows.for_people().closed_with_unread(),
            statuses=("closed",),
        ),
        InboxView(
            "failed",
            _("Failed to send"),
            lambda rows, user: rows.exclude(handler=Handler.NOBODY).filter(
                search_queries.Among("pk", outbox_queries.unsent())
            ),
        ),
        InboxView(
            "assistant",
            _("Assistant"),
            lambda rows, user: rows.with_the_assistant(),
            is_counted=False,
            by="-last_message_at",
        ),
        InboxView(
            "solved",
            pgettext_lazy("conversations", "Resolved"),
            lambda rows, user: rows.for_people().done(),
            is_counted=False,
            by="-last_message_at",
            statuses=("resolved", "closed"),
        ),
        InboxView("spam", _("Spam"), lambda rows, user: rows.spam(), by="-last_message_at"),
    )
}
DEFAULT_VIEW = "unassigned"
SORTS = {"oldest": "waiting_since", "newest": "-last_message_at", "deadline": "deadline"}
"""How a queue may be sorted: longest waiting first, newest message first, or the reply that is due next first."""

Filters = tuple[tuple[str, str], ...]
"""What a view is narrowed to, as pairs of the query string."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for beside its view: words, and conditions of operators and filters."""

    words: str
    condition: Condition
    context: Context

    @classmethod
    def of(cls, user: User, search: str, filters: Filters) -> Asked:
        words, condition = typed(search) if search.strip() else ("", conditions.every("conversation"))
        if filters:
            condition = condition.and_also(filtering.condition(filters))
        return cls(words, condition, Context(at=clock.now(), me=user.pk))

    @property
    def q(self) -> Q:
        return conditions.to_q(self.condition, self.context)

    @property
    def names_handler(self) -> bool:
        """Whether it says itself who is to answer, as `is:spam` does."""
        return any(leaf.field.name == "handler" for leaf in self.condition.leaves())


def saved(view: SavedView) -> InboxView:
    """A saved view as one of the inbox."""
    condition = saved_views.condition_of(view)
    names_handler = any(leaf.field.name == "handler" for leaf in condition.leaves())

    def rows(found: ConversationQuerySet, user: User) -> ConversationQuerySet:
        among = found.exclude(assistant_thread__deleted_at__isnull=False) if names_handler else found.for_people()
        return among.filter(conditions.to_q(condition, Context(at=clock.now(), me=user.pk)))

    return InboxView(saved_views.key_of(view.short_id), view.name, rows, is_counted=False, saved=view)


def counts_of(views: Sequence[SavedView], user: User) -> dict[int, int]:
    """How many conversations each of some saved views holds, at most COUNT_CAP each, by their ids, in one query."""
    columns = []
    for view in views:
        rows = inbox_rows(saved(view), user).order_by("-last_message_at", "-pk")
        columns.append(_Count(rows.values("pk")[:COUNT_CAP]))
    if not columns:
        return {}
    (found,) = Workspace.objects.filter(pk=current().pk).values_list(*columns)
    return dict(zip([view.pk for view in views], found, strict=True))


def inbox_rows(view: InboxView, user: User, search: str = "", filters: Filters = ()) -> ConversationQuerySet:
    """A view's conversations that pass the filters; with a search, all that match it: the team's, or from its view the assistant's."""
    search = view.searched(search)
    if not search and not filters:
        return view.rows(conversations(), user)
    asked = Asked.of(user, search, filters)
    rows = (_among(view, user, asked) if search else view.rows(conversations(), user)).filter(asked.q)
    words = search_queries.words(asked.words)
    # Signs alone are nothing to look for, and nothing beside an operator.
    return search_queries.matching(rows, words) if asked.words and (words.size or asked.condition.is_empty) else rows


def _among(view: InboxView, user: User, asked: Asked) -> ConversationQuerySet:
    """The conversations in which a search from a view looks, which those of a saved view are."""
    if asked.names_handler and not view.is_saved:
        return conversations().exclude(assistant_thread__deleted_at__isnull=False)
    return view.rows(conversations(), user) if view.is_saved else _searched(conversations(), view)


def listed(rows: QuerySet[Conversation]) -> QuerySet[Any, Any]:
    """The rows as the list prints them."""
    return _described(rows).values_list(*Listed._fields, named=True)


def _described(rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """The rows with what the list prints of them that is in other tables."""
    calls = CallbackRequest.objects.filter(conversation=OuterRef("pk"), done_at=None).order_by("pk")
    unseen = Mention.objects.filter(conversation=OuterRef("pk"), seen_at=None).order_by("pk")
    return rows.annotate(
        deadline=NextDeadline(),
        call_at=Subquery(calls.values("due_at")[:1]),
        mentioned=ArraySubquery(unseen.values("user")),
        is_unsent=Exists(outbox_queries.to_look_at().filter(conversation=OuterRef("pk"))),
    )


def _searched(rows: ConversationQuerySet, view: InboxView) -> ConversationQuerySet:
    if view.key == "spam":
        return rows.spam()
    return rows.with_the_assistant() if view.key == "assistant" else rows.for_people()


def inbox_page(
    view: InboxView,
    *,
    user: User,
    sort: str = "oldest",
    search: str = "",
    filters: Filters = (),
    after: str | None = None,
    limit: int = 50,
) -> Page[Listed]:
    """One page of the inbox, in one query. Raises Invalid for a cursor that this desk did not make.

    A search is two queries, and of a number three: what has that number comes first, whatever else holds it.
    """
    by, search = view.by or SORTS.get(sort, SORTS["oldest"]), view.searched(search)
    if not search and not filters and not view.is_saved:
        person = {"person": user.pk} if view.is_personal else {}
        found_rows = _page.rows(view.key, by, limit + 1, **person, **place(after))
        return page_of(list(map(Listed._make, found_rows)), by=by, limit=limit)
    if not search:
        rows = _described(inbox_rows(view, user, filters=filters))
        chosen = beyond(rows, by=by, **place(after)).values_list(*Listed._fields)[: limit + 1]
        return page_of(list(map(Listed._make, chosen)), by=by, limit=limit)
    asked = Asked.of(user, search, filters)
    is_plain = asked.condition.is_empty and not view.is_saved
    first: list[Listed] = []
    if (number := search_queries.number(asked.words)) is not None:
        numbered = _among(view, user, asked).filter(search_queries.Among("pk", search_queries.numbered(number)))
        numbered = numbered if is_plain else numbered.filter(asked.q)
        its_own_first = Case(When(number=number, then=0), default=1)
        first = list(listed(numbered.order_by(its_own_first, "-last_message_at", "-pk"))[:limit])
    values = {**place(after), "first": [row.pk for row in first] or None}
    question = search_queries.words(asked.words)
    if is_plain:
        among = newest.Listed(_others, "last_message_at", (view.key,), values, shown=_columns)
    else:
        among = newest.Listed(
            partial(_beside, _among(view, user, asked)), "last_message_at", (), values, shown=_columns
        )
        question = search_queries.narrowed(question, conditions.parts(asked.condition, asked.context))
    rest = newest.newest(among, question, limit + 1)
    page = page_of(list(map(Listed._make, rest)), by="-last_message_at", limit=limit)
    return Page(rows=[*first, *page.rows], next=page.next) if after is None else page


def _others(
    view: str, *, moment: datetime | None, pk: int | None, first: list[int] | None = None
) -> QuerySet[Conversation]:
    """Those among which a view's search looks, after a place, without those that are shown `first`."""
    return _beside(_searched(conversations(), INBOX_VIEWS[view]), moment=moment, pk=pk, first=first)


def _beside(
    rows: ConversationQuerySet, *, moment: datetime | None, pk: int | None, first: list[int] | None = None
) -> QuerySet[Conversation]:
    rows = rows if first is None else rows.exclude(pk__any_of=first)
    return beyond(rows, by="-last_message_at", moment=moment, pk=pk)


def _columns(rows: QuerySet[Conversation]) -> QuerySet[Conversation, tuple[Any, ...]]:
    return _described(rows).values_list(*Listed._fields)


@compiled
def _page(
    view: str, by: str, limit: int, *, moment: datetime | None, pk: int | None, person: int | None = None
) -> QuerySet[Conversation, tuple[Any, ...]]:
    rows = _described(INBOX_VIEWS[view].rows(conversations(), User(pk=person)))
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
        rows = (view.counted or view.rows)(conversations(), User(pk=person))
        # In an order of an index: PostgreSQL would else look for them from the beginning of the table.
        order = ("waiting_since", "pk") if view.by is None else (view.by, "-pk")
        columns.append(_Count(rows.order_by(*order).values("pk")[:cap]))
    return Workspace.objects.filter(pk=current().pk).values_list(*columns)


RESOLVED_CAP = 1000
"""Where the number of what a person has resolved today stops."""


def resolved_since(user: User, since: datetime) -> int:
    """How many conversations of a person's were resolved or closed since a moment, at most RESOLVED_CAP."""
    return len(_resolved.rows(RESOLVED_CAP, person=user.pk, since=since))


@compiled
def _resolved(cap: int, *, person: int, since: datetime) -> QuerySet[Conversation, tuple[int]]:
    rows = Conversation.objects.filter(handler=Handler.PEOPLE, assignee=person, closed_at__gte=since)
    return rows.order_by("-closed_at", "-pk").values_list("pk")[:cap]
