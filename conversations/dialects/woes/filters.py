"""The list's query parameters. An unknown value is an error, named by its field."""

from __future__ import annotations

import uuid
from typing import Any

import django_filters
from django import forms
from django.db.models import Q
from rest_framework.exceptions import ValidationError

from conversations.api.filters import Parameter
from conversations.dialects.woes.shapes import CHANNELS, STATUSES
from conversations.models.conversation import ConversationQuerySet


class WholeNumber(forms.IntegerField):
    """A whole number in plain digits; Python alone would also read `1_0` and the digits of other scripts."""

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str) and ("_" in value or not value.isascii()):
            raise forms.ValidationError(self.error_messages["invalid"], "invalid")
        return super().to_python(value)


class PageSize(Parameter):
    """How many rows."""

    field_class = WholeNumber


class Cursor(Parameter):
    """Where the page begins."""

    field_class = forms.CharField


class ConversationFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """The page, and which conversations, by the values that the format prints."""

    limit = PageSize(min_value=1, max_value=100, initial=20, help_text="Page size.")
    cursor = Cursor(max_length=200, help_text="`nextCursor` of the previous page.")
    status = django_filters.ChoiceFilter(
        choices=[(name, name) for name in STATUSES.values],
        method="by_status",
        help_text="Only conversations with this status.",
    )
    channel = django_filters.ChoiceFilter(
        choices=[(name, name) for name in CHANNELS.values],
        method="by_channel",
        help_text="Only conversations of this channel.",
    )
    customerId = django_filters.CharFilter(
        method="by_customer",
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
    def after(self) -> str | None:
        """The cursor that the page begins after."""
        return self.form.cleaned_data["cursor"] or None

    @property
    def size(self) -> int:
        """How many rows the page has at most."""
        return int(self.form.cleaned_data["limit"] or self.filters["limit"].field.initial)

    def by_status(self, rows: ConversationQuerySet, name: str, value: str) -> ConversationQuerySet:
        return STATUSES.among(rows, "status", value)

    def by_channel(self, rows: ConversationQuerySet, name: str, value: str) -> ConversationQuerySet:
        return CHANNELS.among(rows, "channel", value)

    def by_customer(self, rows: ConversationQuerySet, name: str, value: str) -> ConversationQuerySet:
        wanted = Q(contact__external_id=value)
        try:
            wanted |= Q(contact__external_id=None, contact__public_id=uuid.UUID(value))
        except ValueError:
            pass
        return rows.filter(wanted)
