"""The list's query parameters: filters are checked, invalid `limit` and `offset` are ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import django_filters
from django import forms

from conversations.api.filters import Parameter
from conversations.dialects.bancroft.shapes import STATUSES
from conversations.models.conversation import ConversationQuerySet

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_DIGITS = re.compile(r"\s*\+?0*([0-9]+)\s*")


class EmailFilter(django_filters.CharFilter):  # type: ignore[misc]  # django-filter ships no types
    """An email address in any spelling of its case."""

    field_class = forms.EmailField


class ConversationFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Which conversations, and which of them the page shows (see `Window`)."""

    user_email = EmailFilter(
        method="by_email", max_length=254, help_text="Only conversations of this requester, by email."
    )
    status = django_filters.ChoiceFilter(
        choices=[(name, name) for name in STATUSES.values],
        method="by_status",
        help_text="Only conversations with this status.",
    )
    limit = Parameter(help_text=f"Page size: {DEFAULT_LIMIT} by default, at most {MAX_LIMIT}.")
    offset = Parameter(help_text="Number of rows to skip.")

    def by_email(self, rows: ConversationQuerySet, name: str, value: str) -> ConversationQuerySet:
        return rows.filter(contact__email=value.strip().lower())

    def by_status(self, rows: ConversationQuerySet, name: str, value: str) -> ConversationQuerySet:
        return STATUSES.among(rows, "status", value)

    def faults(self) -> dict[str, list[str]]:
        """The errors by field, as REST framework's ValidationError takes them.

        A filter that is sent empty is a mistake, such as a variable that was not set: it must not list everybody.
        """
        found = {field: [str(message) for message in messages] for field, messages in self.errors.items()}
        return found | {
            name: ["This must not be empty."] for name in ("user_email", "status") if self.data.get(name) == ""
        }


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows of the list to show."""

    limit: int
    offset: int

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Window:
        """From the query string: a limit over 100 is 100, and an invalid value is ignored."""
        limit = _count(params.get("limit"))
        return cls(limit=min(limit, MAX_LIMIT) if limit else DEFAULT_LIMIT, offset=_count(params.get("offset")) or 0)


def _count(value: str | None) -> int | None:
    found = _DIGITS.fullmatch(value or "")
    # Twenty digits are beyond any count, and Python refuses to read very many.
    return int(found[1][:20]) if found else None
