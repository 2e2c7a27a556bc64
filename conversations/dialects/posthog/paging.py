"""`limit` and `offset`, clamped rather than refused; a page is `{count, next, previous, results}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.dialects.posthog.answers import Page, PageRow


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

    def rows(self, queryset: QuerySet[Any], request: Request) -> list[Any]:
        """The page's rows."""
        return list(self.paginate_queryset(queryset, request) or [])

    def response(self, page: type[Page], rows: Sequence[Any]) -> Response:
        """The page with its rows."""
        return Response(page(PageRow(self.count or 0, self.get_next_link(), self.get_previous_link(), rows)).data)


class MessagePages(Pages):
    """Fifty messages by default, two hundred at most."""

    default_limit = 50
    max_limit = 200
