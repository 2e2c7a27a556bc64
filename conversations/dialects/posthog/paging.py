"""`limit` and `offset`, clamped rather than refused; a page is `{count, next, previous, results}`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.compiled import Compiled
from accounts.windows import window
from conversations.dialects.posthog.answers import Page, PageRow

M = TypeVar("M", bound=Model)


class Pages(LimitOffsetPagination):
    """A hundred rows by default, a thousand at most. `known` is a count that need not be asked for."""

    default_limit = 100
    max_limit = 1000

    def __init__(self, known: int | None = None) -> None:
        self.known = known

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        descriptions = {
            "limit": f"Page size: {self.default_limit} by default, at most {self.max_limit}.",
            "offset": "Number of rows to skip.",
        }
        return [
            {"in": "query", "name": name, "schema": {"type": "string"}, "description": about}
            for name, about in descriptions.items()
        ]

    def get_count(self, queryset: QuerySet[Any] | Any) -> int:
        return int(queryset.count()) if self.known is None else self.known

    def window(self, request: Request) -> tuple[int, int] | None:
        """Where the page begins and how many rows it has; None where it is beyond the end. Only where the count is known."""
        self.request, self.count = request, self.known
        self.limit, self.offset = self.get_limit(request), self.get_offset(request)
        return (self.offset, self.limit) if self.limit and self.known and self.offset < self.known else None

    def rows(self, queryset: QuerySet[Any], request: Request) -> list[Any]:
        """The page's rows."""
        windows: Any = _Windows(queryset)
        return list(self.paginate_queryset(windows, request) or [])

    def from_the_beginning(
        self, first: Callable[[int], list[M]], all_of_them: QuerySet[M], request: Request
    ) -> Sequence[M]:
        """The page's rows, where `first` gives so many of the first: all of them are counted only where they are more."""
        self.request, self.limit, self.offset = request, self.get_limit(request), self.get_offset(request)
        if self.offset or not self.limit:
            return self.rows(all_of_them, request)
        rows = first(self.limit + 1)
        self.count = len(rows) if len(rows) <= self.limit else all_of_them.count()
        return rows[: self.limit]

    def sliced(self, rows: Any, request: Request) -> list[Any]:
        """The page's rows of what counts itself and can be sliced."""
        return list(self.paginate_queryset(rows, request) or [])

    def found(self, ids: Sequence[tuple[int]], some: Compiled[Any], request: Request) -> list[Any]:
        """The page's rows of a search, which is made once: the ids of all that it finds are counted, and `some` reads the page's."""
        self.known = len(ids)
        page: list[Any] = self.paginate_queryset(ids, request) or []
        read = {row.pk: row for row in some.rows(ids=[pk for (pk,) in page])} if page else {}
        return [read[pk] for (pk,) in page if pk in read]

    def response(self, page: type[Page], rows: Sequence[Any]) -> Response:
        """The page with its rows."""
        return Response(page(PageRow(self.count or 0, self.get_next_link(), self.get_previous_link(), rows)).data)


class _Windows:
    """A query set as REST framework pages it, by `window`."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        self.rows, self.count = rows, rows.count

    def __getitem__(self, wanted: slice) -> Sequence[Any] | QuerySet[Any]:
        return window(self.rows, wanted.start, wanted.stop - wanted.start)


class MessagePages(Pages):
    """Fifty messages by default, two hundred at most."""

    default_limit = 50
    max_limit = 200
