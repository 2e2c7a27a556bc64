"""Parameters of lists: a filter set checks them, filters the rows, and describes them for OpenAPI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import django_filters
from django import forms
from rest_framework.request import Request

T = TypeVar("T")
_AT_MOST = 500  # query strings that are remembered, of this many characters at most
_LONGEST = 300


class Parameter(django_filters.Filter):  # type: ignore[misc]  # django-filter ships no types
    """A parameter that the list's own query applies, or none, such as a cursor: any text, unless a subclass restricts it."""

    def filter(self, rows: Any, value: Any) -> Any:
        return rows


class ChoiceParameter(Parameter):
    """One of some words."""

    field_class = django_filters.fields.ChoiceField


def read_once(read: Callable[[Mapping[str, str]], T]) -> Callable[[Request], T]:
    """Read the parameters of a list, once for each query string that is sent again and again. Errors are not remembered.

    `read` must depend on nothing but the parameters and return no None, and nobody may change what it returns.
    """
    known: dict[str, T] = {}

    def of(request: Request) -> T:
        text = request.META.get("QUERY_STRING", "")
        if (remembered := known.get(text)) is not None:
            return remembered
        found = read(request.query_params)
        if len(text) <= _LONGEST:
            if len(known) >= _AT_MOST:
                known.clear()
            known[text] = found
        return found

    return of


def parameters(filter_set: type[django_filters.FilterSet]) -> list[dict[str, Any]]:
    """OpenAPI's parameters of a list; `help_text` describes each, `initial` is its default."""
    return [
        {"in": "query", "name": name, "schema": _schema(one), "description": str(one.field.help_text)}
        for name, one in filter_set.base_filters.items()
    ]


def _schema(one: django_filters.Filter) -> dict[str, Any]:
    field: forms.Field = one.field
    kind = "integer" if isinstance(field, forms.IntegerField) else "string"
    facts = {
        "format": "email" if isinstance(field, forms.EmailField) else None,
        "enum": [value for value, _ in one.extra["choices"]] if "choices" in one.extra else None,
        "minimum": getattr(field, "min_value", None),
        "maximum": getattr(field, "max_value", None),
        "minLength": getattr(field, "min_length", None),
        "maxLength": getattr(field, "max_length", None),
        "default": field.initial,
    }
    return {"type": kind, **{name: fact for name, fact in facts.items() if fact is not None}}
