"""The list's query parameters. A value that cannot be used is ignored, also inside a list; an unknown `view` alone is not."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from accounts.compiled import compiled, printing
from accounts.models import Workspace
from accounts.text import whole_number
from accounts.windows import window
from conversations.api.filters import Parameter
from conversations.dialects.posthog import dates, shapes
from conversations.dialects.posthog.answers import TICKET_COLUMNS
from conversations.queries import tickets as ticket_queries
from tickets import queries as tickets
from tickets.models import Ticket, TicketQuerySet, TicketStatus

ORDERS = ("updated_at", "created_at", "ticket_number", "sla_due_at", "snoozed_until")
MOST_PEOPLE = 100
LONGEST_SEARCH = 200
AT_RISK = timedelta(hours=1)
PEOPLE = ("distinct_ids", "emails")
_FIELDS = {"ticket_number": "number"}


class TicketFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Every documented filter; `now` and `workspace` say when the list is asked for, and whose it is."""

    status = django_filters.CharFilter(
        method="by_status",
        help_text="One status, or several with commas: `new`, `open`, `pending`, `on_hold`, `resolved`.",
    )
    priority = django_filters.CharFilter(
        method="by_priority", help_text="One priority, or several with commas: `low`, `medium`, `high`, `critical`."
    )
    channel_source = django_filters.CharFilter(
        method="by_source", help_text="`widget`, `email`, `slack`, `teams` or `github`."
    )
    channel_detail = django_filters.CharFilter(
        method="by_detail", help_text="Such as `widget_embedded` or `widget_api`."
    )
    assignee = django_filters.CharFilter(
        method="by_assignee", help_text="`unassigned`, `user:<number>` or `role:<uuid>`; up to 100 with commas."
    )
    date_from = django_filters.CharFilter(
        method="by_date_from",
        help_text="Changed since: a moment, a day, or `-7d`, `-1mStart` and the like; `all` for no bound.",
    )
    date_to = django_filters.CharFilter(method="by_date_to", help_text="Changed until, likewise.")
    distinct_ids = Parameter(help_text="Tickets of these people, with commas; the first 100 count.")
    emails = Parameter(
        help_text="Tickets of people with these addresses, with commas; joined with `distinct_ids` by OR."
    )
    search = django_filters.CharFilter(
        method="by_search",
        help_text="At most 200 characters: a number (`17`, `#17`), or text in names, titles and messages.",
    )
    sla = django_filters.CharFilter(
        method="by_sla", help_text="`breached`, `at-risk` (due within an hour) or `on-track`."
    )
    snoozed = django_filters.CharFilter(method="by_snoozed", help_text="`true` or `false`.")
    tags = django_filters.CharFilter(method="by_tags", help_text="A JSON array: tickets with any of these tags.")
    tags_all = django_filters.CharFilter(
        method="by_tags_all", help_text="A JSON array: tickets with all of these tags."
    )
    tags_exclude = django_filters.CharFilter(
        method="by_tags_exclude", help_text="A JSON array: tickets with none of these tags."
    )
    view = Parameter(
        help_text="The `short_id` of a saved view, whose filters apply unless given explicitly; an unknown one is 400."
    )
    order_by = Parameter(
        help_text="`updated_at`, `created_at`, `ticket_number`, `sla_due_at` or `snoozed_until`, with `-` descending."
    )

    def __init__(self, data: Mapping[str, str], rows: TicketQuerySet, *, now: datetime, workspace: Workspace) -> None:
        super().__init__(data, rows)
        self.now = now
        self.zone = workspace.zone

    def filter_queryset(self, rows: TicketQuerySet) -> TicketQuerySet:
        """By each parameter, and by the two that name people, which are joined by OR."""
        found: TicketQuerySet = super().filter_queryset(rows)
        ids, emails = (_parts(self.data.get(name, ""))[:MOST_PEOPLE] for name in PEOPLE)
        if not ids and not emails:
            return found
        return ticket_queries.of_people(found, references=ids, emails=[email.lower() for email in emails])

    def by_status(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        wanted = _known(value, shapes.STATUSES.values)
        return shapes.STATUSES.among(rows, "status", *wanted) if wanted else rows

    def by_priority(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        wanted = _known(value, shapes.PRIORITIES.values)
        return shapes.PRIORITIES.among(rows, "priority", *wanted) if wanted else rows

    def by_source(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        return shapes.SOURCES.among(rows, "channel", value) if value in shapes.SOURCES.values else rows

    def by_detail(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        return shapes.DETAILS.among(rows, "channel", value) if value in shapes.DETAILS.values else rows

    def by_assignee(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        found = [query for part in _parts(value)[:MOST_PEOPLE] if (query := _assignee(part)) is not None]
        if not found:
            return rows
        wanted = found[0]
        for query in found[1:]:
            wanted |= query
        return rows.filter(wanted)

    def by_date_from(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        since = dates.parse(value, self.now, self.zone)
        return rows.filter(updated_at__gte=since) if since else rows

    def by_date_to(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        until = dates.parse(value, self.now, self.zone, is_end=True)
        return rows.filter(updated_at__lte=until) if until else rows

    def by_search(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        text = _search(value)
        return ticket_queries.matching(rows, text) if text else rows

    def by_sla(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        soon = self.now + AT_RISK
        match value:
            case "breached":
                return rows.filter(sla_due_at__lt=self.now)
            case "at-risk":
                return rows.filter(sla_due_at__gte=self.now, sla_due_at__lte=soon)
            case "on-track":
                return rows.filter(sla_due_at__gt=soon)
        return rows

    def by_snoozed(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        is_snoozed = {"true": True, "false": False}.get(value.lower())
        return rows if is_snoozed is None else rows.filter(snoozed_until__isnull=not is_snoozed)

    def by_tags(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        wanted = _tags(value)
        return rows.filter(tags__overlap=wanted) if wanted else rows

    def by_tags_all(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        wanted = _tags(value)
        return rows.filter(tags__contains=wanted) if wanted else rows

    def by_tags_exclude(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        unwanted = _tags(value)
        return rows.exclude(tags__overlap=unwanted) if unwanted else rows


@dataclass(frozen=True, slots=True)
class Query:
    """A list's parameters, those of a saved view included: what is stated in the call wins over the view."""

    data: Mapping[str, str]

    @classmethod
    def of(cls, params: Mapping[str, str], view: Mapping[str, Any] | None) -> Query:
        return cls({**(from_view(view) if view else {}), **{name: params[name] for name in params}})

    @property
    def order(self) -> tuple[str, ...]:
        """The order of the list, ending in a unique column."""
        wanted = self.data.get("order_by", "")
        sign, name = ("-" if wanted.startswith("-") else ""), wanted.removeprefix("-")
        if name not in ORDERS:
            sign, name = "-", "updated_at"
        return (f"{sign}{_FIELDS.get(name, name)}", f"{sign}pk")

    @property
    def asked(self) -> tuple[str, ...]:
        """The statuses asked for, as the shape of a `page`; none for all of them."""
        return tuple(sorted(_known(self.data.get("status", ""), TicketStatus.values)))

    @property
    def search(self) -> str:
        """The text by which tickets are looked for, if they are."""
        return _search(self.data.get("search", ""))

    @property
    def statuses(self) -> list[str] | None:
        """The statuses asked for where nothing else is: such lists are counted by the verbs. None where more is asked."""
        return None if self.asks_more or self.data.get("search") else list(self.asked or TicketStatus.values)

    @property
    def asks_more(self) -> bool:
        """Whether it is asked for more than a search, statuses and an order."""
        choosing = TicketFilter.base_filters.keys() - {"status", "view", "order_by", "search"}
        return any(self.data.get(name) for name in choosing)


def found(query: Query) -> list[tuple[int]]:
    """The ids of all tickets that a search finds which asks for nothing else but statuses and an order."""
    values = ticket_queries.looked_for(query.search)
    return _found.rows(query.asked, query.order, **values) if values else []


@compiled
def _found(statuses: tuple[str, ...], order: tuple[str, ...], **values: Any) -> QuerySet[Ticket, tuple[int]]:
    rows = Ticket.objects.filter(pk__in=ticket_queries.found_by(**values))
    if statuses:
        rows = shapes.STATUSES.among(rows, "status", *statuses)
    return rows.order_by(*order).values_list("pk")


@compiled
def some(*, ids: list[int]) -> QuerySet[Ticket]:
    """The tickets of some ids."""
    return printing(tickets.tickets(), TICKET_COLUMNS).filter(pk__any_of=ids).order_by("pk")


@compiled
def page(statuses: tuple[str, ...], order: tuple[str, ...], start: int, limit: int) -> QuerySet[Ticket]:
    """The tickets of a page of a list that asks for nothing but statuses and an order."""
    rows = tickets.tickets()
    if statuses:
        rows = shapes.STATUSES.among(rows, "status", *statuses)
    return window(printing(rows, TICKET_COLUMNS).order_by(*order), start, limit)


def from_view(filters: Mapping[str, Any]) -> dict[str, str]:
    """A saved view's filters as query parameters; what is not as documented is left out."""
    found: dict[str, str] = {}
    for theirs, ours in (("status", "status"), ("priority", "priority"), ("assignee", "assignee")):
        listed = filters.get(theirs)
        parts = [_assignee_text(one) for one in (listed if isinstance(listed, list) else [listed])]
        if kept := [part for part in parts if part]:
            found[ours] = ",".join(kept)
    for theirs, ours in (
        ("channel", "channel_source"), ("sla", "sla"), ("dateFrom", "date_from"), ("dateTo", "date_to"), ("search", "search"),
    ):  # fmt: skip
        if isinstance(value := filters.get(theirs), str) and value:
            found[ours] = value
    for theirs, ours in (
        ("tags", "tags_all" if filters.get("tagsMatch") == "all" else "tags"),
        ("tagsExclude", "tags_exclude"),
    ):
        if isinstance(value := filters.get(theirs), list) and value:
            found[ours] = json.dumps(value)
    sorting = filters.get("sorting")
    if isinstance(sorting, dict) and isinstance(column := sorting.get("columnKey"), str):
        found["order_by"] = f"{'-' if sorting.get('order') == -1 else ''}{column}"
    return found


def _assignee_text(value: Any) -> str | None:
    if isinstance(value, dict):
        return f"{value.get('type')}:{value.get('id')}"
    return value if isinstance(value, str) else None


def _parts(value: str) -> list[str]:
    return [part for piece in value.split(",") if (part := piece.strip()) and "\x00" not in part]


def _search(value: str) -> str:
    """The text to look for; nothing where it is too long, or could be in no row."""
    text = value.strip()
    return text if len(text) <= LONGEST_SEARCH and "\x00" not in text else ""


def _known(value: str, choices: Iterable[str]) -> list[str]:
    known = {*choices}
    return [part for part in dict.fromkeys(_parts(value)) if part in known]


def _tags(value: str) -> list[str]:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return []
    texts = [one.strip().lower() for one in found if isinstance(one, str)] if isinstance(found, list) else []
    # PostgreSQL keeps neither, so no tag holds them.
    return [one for one in texts if one and "\x00" not in one and one.isprintable()]


def _assignee(value: str) -> Q | None:
    if value == "unassigned":
        return Q(assignee=None, team=None)
    kind, _, found = value.partition(":")
    if kind == "user" and (user_id := whole_number(found)) is not None:
        return Q(assignee=user_id)
    if kind == "role":
        try:
            return Q(team__public_id=uuid.UUID(found))
        except ValueError:
            return None
    return None
