"""The list's query parameters. An unknown value is an error, named by its field."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import django_filters
from django import forms
from django.db.models import F, QuerySet, Subquery
from django.db.models.functions import Coalesce
from rest_framework.exceptions import ValidationError

from accounts.compiled import compiled, printing
from accounts.text import uuid_or_none
from conversations.api.filters import ChoiceParameter, Parameter, read_once
from conversations.dialects.woes.shapes import CHANNELS, CONVERSATION, STATUSES
from conversations.models import Contact, Conversation
from conversations.queries import conversations as queries
from conversations.queries.paging import Place, beyond, place

BY = "-last_message_at"


class WholeNumber(forms.IntegerField):
    """A whole number in plain digits; Python alone would also read `1_0` and the digits of other scripts."""

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str) and ("_" in value or not value.isascii()):
            raise forms.ValidationError(self.error_messages["invalid"], "invalid")
        return super().to_python(value)


class PageSize(Parameter):
    """How many rows."""

    field_class = WholeNumber


class TextParameter(Parameter):
    """A text, such as a cursor."""

    field_class = forms.CharField


class ConversationFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """The page, and which conversations, by the values that the format prints."""

    limit = PageSize(min_value=1, max_value=100, initial=20, help_text="Page size.")
    cursor = TextParameter(max_length=200, help_text="`nextCursor` of the previous page.")
    status = ChoiceParameter(
        choices=[(name, name) for name in STATUSES.values],
        help_text="Only conversations with this status.",
    )
    channel = ChoiceParameter(
        choices=[(name, name) for name in CHANNELS.values],
        help_text="Only conversations of this channel.",
    )
    customerId = TextParameter(
        min_length=1,
        max_length=400,
        help_text="Only conversations of one customer, by `customer.id`.",
    )

    def check(self) -> None:
        """Raises ValidationError.

        A filter that is sent empty is a mistake, such as a variable that was not set: it must not list everybody.
        """
        if self.errors:
            raise ValidationError({name: [str(one) for one in found] for name, found in self.errors.items()})
        if empty := [name for name in self.filters if name != "cursor" and self.data.get(name) == ""]:
            raise ValidationError(dict.fromkeys(empty, "Must not be empty."))

    @property
    def size(self) -> int:
        """How many rows the page has at most."""
        return int(self.form.cleaned_data["limit"] or self.filters["limit"].field.initial)


class Asked(NamedTuple):
    """What a list asks for: words of the format, and the rest as values of `newest`."""

    status: str
    channel: str
    size: int
    customer: str | None
    customer_id: uuid.UUID | None
    after: Place


def _read(params: Mapping[str, str]) -> Asked:
    chosen = ConversationFilter(params, Conversation.all_workspaces.none())
    chosen.check()
    data = chosen.form.cleaned_data
    customer = data["customerId"] or None
    return Asked(
        data["status"],
        data["channel"],
        chosen.size,
        customer,
        uuid_or_none(customer or ""),
        place(data["cursor"] or None),
    )


def _contact(**named: Any) -> Subquery:
    has = Coalesce(F("merged_into"), F("pk"))
    return Subquery(Contact.objects.filter(**named).order_by("pk").values(has=has)[:1])


asked = read_once(_read)
"""The parameters of a call. Raises ValidationError, or Invalid for a cursor."""


@compiled
def newest(
    status: str,
    channel: str,
    size: int,
    *,
    email: str | None = None,
    only: uuid.UUID | None = None,
    customer: str | None,
    customer_id: uuid.UUID | None,
    moment: datetime | None,
    pk: int | None,
) -> QuerySet[Conversation]:
    """The conversations of a list, newest message first, one more than fit the page."""
    rows = printing(queries.visible(queries.conversations().for_people(), email=email, only=only), CONVERSATION)
    if status:
        rows = STATUSES.among(rows, "status", status)
    if channel:
        rows = CHANNELS.among(rows, "channel", channel)
    if customer is not None:
        # The id of a contact that was merged leads to the one that has its conversations.
        named = [_contact(external_id=customer)]
        if customer_id is not None:
            named.append(_contact(public_id=customer_id))
        rows = rows.filter(contact=Coalesce(*named) if len(named) > 1 else named[0])
    return beyond(rows, by=BY, moment=moment, pk=pk)[: size + 1]
