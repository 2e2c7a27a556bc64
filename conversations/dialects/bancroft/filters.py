"""The list's query parameters: filters are checked, invalid `limit` and `offset` are ignored."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import django_filters
from django import forms
from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError

from accounts import windows
from accounts.compiled import compiled, printing
from conversations.api.filters import ChoiceParameter, Parameter, read_once
from conversations.dialects.bancroft.shapes import CONVERSATION, STATUSES
from conversations.models import Conversation
from conversations.models.conversation import ConversationQuerySet
from conversations.queries import conversations as queries

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_DIGITS = re.compile(r"\s*\+?0*([0-9]+)\s*")


class EmailParameter(Parameter):
    """An email address in any spelling of its case."""

    field_class = forms.EmailField


class ConversationFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Which conversations, and which of them the page shows (see `Window`)."""

    user_email = EmailParameter(max_length=254, help_text="Only conversations of this requester, by email.")
    status = ChoiceParameter(
        choices=[(name, name) for name in STATUSES.values],
        help_text="Only conversations with this status.",
    )
    limit = Parameter(help_text=f"Page size: {DEFAULT_LIMIT} by default, at most {MAX_LIMIT}.")
    offset = Parameter(help_text="Number of rows to skip.")

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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list asks for."""

    status: str
    email: str | None
    window: Window


def _read(params: Mapping[str, str]) -> Asked:
    chosen = ConversationFilter(params, Conversation.all_workspaces.none())
    if faults := chosen.faults():
        raise ValidationError(faults)
    data = chosen.form.cleaned_data
    email = data["user_email"].strip().lower()
    return Asked(data["status"], email or None, Window.of(params))


asked = read_once(_read)
"""The parameters of a call. Raises ValidationError."""


@compiled
def newest(
    status: str, window: Window, *, requester: str | None, email: str | None = None, only: uuid.UUID | None = None
) -> QuerySet[Conversation]:
    """The conversations of a page, newest first."""
    rows = printing(chosen(status, requester=requester, email=email, only=only), CONVERSATION)
    return windows.window(rows.order_by("-created_at", "-pk"), window.offset, window.limit)


def chosen(
    status: str, *, requester: str | None, email: str | None = None, only: uuid.UUID | None = None
) -> ConversationQuerySet:
    """All conversations of a list, on whatever page."""
    rows = queries.visible(queries.conversations().for_people(), email=email, only=only)
    if requester is not None:
        rows = queries.of_address(rows, requester)
    return STATUSES.among(rows, "status", status) if status else rows


def _count(value: str | None) -> int | None:
    found = _DIGITS.fullmatch(value or "")
    # Twenty digits are beyond any count, and Python refuses to read very many.
    return int(found[1][:20]) if found else None
