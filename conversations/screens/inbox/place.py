"""A person's place in the inbox: the view, the order and the search, which every link keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from django.http import HttpRequest

from conversations.screens.inbox import queries as inbox_queries
from conversations.screens.inbox.queries import InboxView
from conversations.screens.shell import DeskRequest, shell
from tickets import queries as ticket_queries


@dataclass(frozen=True, slots=True)
class Place:
    """The view, the order and the search that a person has chosen, which every link keeps."""

    view: InboxView
    sort: str
    search: str

    @classmethod
    def of(cls, request: HttpRequest) -> Place:
        """From the query string; anything unknown falls back to the default."""
        views = inbox_queries.INBOX_VIEWS
        sort = request.GET.get("sort", "")
        return cls(
            view=views.get(request.GET.get("view", ""), views[inbox_queries.DEFAULT_VIEW]),
            sort=sort if sort in inbox_queries.SORTS else "oldest",
            search=request.GET.get("q", "").strip()[:200],
        )

    @property
    def query(self) -> str:
        """The query string that leads back here, without `?`."""
        return self._query(self.view.key)

    @property
    def other_order(self) -> str:
        """The same place, sorted the other way."""
        return self._query(self.view.key, sort="newest" if self.sort == "oldest" else "oldest")

    @property
    def without_search(self) -> str:
        return self._query(self.view.key, search="")

    @property
    def title(self) -> str:
        return f"“{self.search}”" if self.search else self.view.label

    def _query(self, view: str, *, sort: str | None = None, search: str | None = None) -> str:
        sort, search = self.sort if sort is None else sort, self.search if search is None else search
        return _encoded(view, sort, search)

    def tabs(self, counts: dict[str, int]) -> list[Tab]:
        """The views as tabs, each with its capped count."""
        return [
            Tab(
                key=view.key,
                label=view.label,
                short=view.short,
                count=counts.get(view.key),
                query=self._query(view.key, search=""),
                is_current=view == self.view and not self.search,
            )
            for view in inbox_queries.INBOX_VIEWS.values()
        ]


@lru_cache(maxsize=512)
def _encoded(view: str, sort: str, search: str) -> str:
    values = {"view": view}
    if sort != "oldest":
        values["sort"] = sort
    if search:
        values["q"] = search
    return urlencode(values)


FIRST_TABS = 4
"""How many views are in the bar; the rest are in its menu."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A view as the bar shows it."""

    key: str
    label: str
    short: str
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
        "is_side_closed": request.user.preferences.get("side") == "closed",
    }


def hues(request: DeskRequest) -> Mapping[str, int]:
    """The catalogue's colours of tags, asked for once in a request."""
    if not hasattr(request, "_hues"):
        request._hues = ticket_queries.tag_hues()  # type: ignore[attr-defined]
    known: Mapping[str, int] = request._hues  # type: ignore[attr-defined]
    return known
