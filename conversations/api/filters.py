"""Parameters of lists: a filter set checks them, filters the rows, and describes them for OpenAPI."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms


class Parameter(django_filters.Filter):  # type: ignore[misc]  # django-filter ships no types
    """A parameter that filters no rows, such as a cursor: any text, unless a subclass restricts it."""

    def filter(self, rows: Any, value: Any) -> Any:
        return rows


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
