"""A person's place in the inbox: the view, the order, the search and the filters, which every link keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.errors import Invalid, NotFound
from conversations.queries.paging import Page
from conversations.screens import filters, saved_views
from conversations.screens.inbox import queries as inbox_queries
from conversations.screens.inbox.queries import Filters, InboxView, Listed
from conversations.screens.shell import DeskRequest, shell
from tickets import queries as ticket_queries

PAGE = 50
"""Conversations of one page of a list."""
SORT_LABELS: Mapping[str, str | Promise] = {
    "oldest": _("Longest waiting"),
    "newest": _("Newest"),
    "deadline": _("Deadline"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """The view, the order, the search and the filters that a person has chosen, which every link keeps."""

    view: InboxView
    sort: str
    search: str
    filters: Filters = ()

    @classmethod
    def of(cls, request: HttpRequest) -> Place:
        """From the query string; anything unknown falls back to the default."""
        view = view_of(request)
        sort = request.GET.get("sort", "")
        return cls(
            view=view,
            sort=sort if sort in inbox_queries.SORTS else usual_sort(view),
            search=request.GET.get("q", "").strip()[:200],
            filters=filters.of(request.GET),
        )

    def page(self, request: DeskRequest) -> Page[Listed]:
        """The conversations of the page that the request asks for. Raises NotFound for a page that this desk did not name."""
        try:
            return inbox_queries.inbox_page(
                self.view,
                user=request.user,
                sort=self.sort,
                search=self.search,
                filters=self.filters,
                after=request.GET.get("after"),
                limit=PAGE,
            )
        except Invalid as error:
            raise NotFound("no such page") from error

    @property
    def query(self) -> str:
        """The query string that leads back here, without `?`."""
        return self._query(self.view.key)

    @property
    def sorts(self) -> list[tuple[str, str | Promise, bool]]:
        """The orders to choose from: the query string, the label, and whether it is this one."""
        return [
            (self._query(self.view.key, sort=sort), label, sort == self.sort) for sort, label in SORT_LABELS.items()
        ]

    @property
    def is_sortable(self) -> bool:
        """Whether the person chooses the order: what is searched has one of its own."""
        return self.view.by is None and not self.search

    @property
    def sort_label(self) -> str | Promise:
        return SORT_LABELS[self.sort]

    @property
    def without_search(self) -> str:
        return self._query(self.view.key, search="")

    def with_filters(self, pairs: Filters) -> str:
        """The query string of the same place with other filters."""
        return _encoded(self.view.key, self.asked_sort, self.search, pairs)

    @property
    def asked_sort(self) -> str:
        """The order that links carry: none where it is the view's own."""
        return self._asked(self.sort)

    def _asked(self, sort: str) -> str:
        return "" if sort == usual_sort(self.view) else sort

    @property
    def title(self) -> str:
        return f"“{self.search}”" if self.search else str(self.view.label)

    def _query(self, view: str, *, sort: str | None = None, search: str | None = None) -> str:
        sort, search = self.sort if sort is None else sort, self.search if search is None else search
        return _encoded(view, self._asked(sort), search, self.filters)

    def tabs(self, counts: dict[str, int]) -> list[Tab]:
        """The views as tabs, each with its capped count."""
        return [
            Tab(
                key=view.key,
                label=view.label,
                short=view.short,
                count=counts.get(view.key),
                query=_encoded(view.key, self.asked_sort, "", ()),
                is_current=view == self.view and not self.search,
            )
            for view in inbox_queries.INBOX_VIEWS.values()
        ]


def usual_sort(view: InboxView) -> str:
    """The order of a view where nobody chose another: a saved view has its own."""
    saved = view.saved.sort if view.saved else ""
    return saved if saved in inbox_queries.SORTS else "oldest"


def view_of(request: HttpRequest) -> InboxView:
    """The view that the query string names, which may be a saved one, or the default."""
    views, key = inbox_queries.INBOX_VIEWS, request.GET.get("view", "")
    if key.startswith(saved_views.PREFIX):
        saved = saved_views.of_key(key, request.actor, "conversation")  # type: ignore[attr-defined]
        return views[inbox_queries.DEFAULT_VIEW] if saved is None else inbox_queries.saved(saved)
    return views.get(key, views[inbox_queries.DEFAULT_VIEW])


@lru_cache(maxsize=512)
def _encoded(view: str, sort: str, search: str, filters: Filters) -> str:
    values = [("view", view)]
    if sort:
        values.append(("sort", sort))
    if search:
        values.append(("q", search))
    return urlencode([*values, *filters])


@dataclass(frozen=True, slots=True)
class Tab:
    """A view as the bar shows it."""

    key: str
    label: str | Promise
    short: str | Promise
    count: int | None
    query: str
    is_current: bool

    @property
    def shown_count(self) -> str:
        """At most "99+"; nothing for a view that is empty or not counted."""
        if not self.count:
            return ""
        return f"{inbox_queries.COUNT_CAP - 1}+" if self.count >= inbox_queries.COUNT_CAP else str(self.count)


def frame(request: DeskRequest, place: Place) -> dict[str, object]:
    """The context that every page and fragment of the inbox needs."""
    return {
        **shell(request, "inbox"),
        "place": place,
        "density": request.user.preferences.get("density", "comfortable"),
        "is_side_closed": request.user.preferences.get("side") == "closed",
    }


def hues(request: DeskRequest) -> Mapping[str, int]:
    """The catalogue's colours of tags, asked for once in a request."""
    if not hasattr(request, "_hues"):
        request._hues = ticket_queries.tag_hues()  # type: ignore[attr-defined]
    known: Mapping[str, int] = request._hues  # type: ignore[attr-defined]
    return known
