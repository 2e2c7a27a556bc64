"""The list's query parameters. An unknown value is an error, named by its field."""

from __future__ import annotations

import uuid
from typing import Any

import django_filters
from django import forms
from django.db.models import Q

from conversations.dialects.woes.shapes import CHANNELS, STATUSES
from conversations.models import Conversation
from conversations.models.conversation import ConversationQuerySet

NEVER_EMPTY = ("limit", "status", "channel", "customerId")


class ConversationFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """`status`, `channel` and `customerId`, by the values that the format prints."""

    status = django_filters.ChoiceFilter(choices=[(name, name) for name in STATUSES.words], method="by_status")
    channel = django_filters.ChoiceFilter(choices=[(name, name) for name in CHANNELS.words], method="by_channel")
    customerId = django_filters.CharFilter(method="by_customer", max_length=400)

    class Meta:
        model = Conversation
        fields: list[str] = []

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


class Count(forms.IntegerField):
    """A whole number in plain digits; Python alone would also read `1_0` and the digits of other scripts."""

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str) and ("_" in value or not value.isascii()):
            raise forms.ValidationError(self.error_messages["invalid"], "invalid")
        return super().to_python(value)


class PageForm(forms.Form):
    """`limit` from 1 to 100 (20 when absent) and the optional `cursor` of the page before."""

    limit = Count(min_value=1, max_value=100, required=False)
    cursor = forms.CharField(max_length=200, required=False)


def faults(form_errors: Any) -> dict[str, list[str]]:
    """A form's errors as REST framework's ValidationError takes them."""
    return {field: [str(message) for message in messages] for field, messages in form_errors.items()}
