"""Custom attributes on a screen: the fields of a row with what it holds, and reading what was typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from conversations.screens import dates
from tickets import attributes
from tickets.models import Attribute, AttributeKind

PREFIX, CUSTOMER = "attribute-", "customer-attribute-"
"""How the names of the fields begin; the second where fields of a conversation and of its customer are on one page."""


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute with the value that a row has, or that was typed for it."""

    attribute: Attribute
    value: Any
    typed: str
    fault: str = ""
    prefix: str = PREFIX

    @property
    def name(self) -> str:
        return f"{self.prefix}{self.attribute.key}"

    @property
    def shown(self) -> str:
        """The value for a reader; empty where there is none."""
        return shown(self.attribute, self.value)

    @property
    def options(self) -> list[tuple[str, str]]:
        """What can be chosen; a value that is no longer among the choices is kept."""
        if self.attribute.kind == AttributeKind.BOOLEAN:
            return [("true", _("Yes")), ("false", _("No"))]
        kept = [self.typed] if self.typed and self.typed not in self.attribute.choices else []
        return [(one, one) for one in (*self.attribute.choices, *kept)]


def fields(
    rows: Iterable[Attribute],
    values: Mapping[str, Any],
    *,
    data: QueryDict | None = None,
    fault: tuple[str, str] = ("", ""),
    prefix: str = PREFIX,
) -> list[Field]:
    """The fields of a row; with `data` they hold what was typed. `fault` is the key at fault and what is wrong with it."""
    found = []
    for row in rows:
        value = values.get(row.key)
        name = f"{prefix}{row.key}"
        typed = str(data[name]) if data is not None and name in data else attributes.typed(row, value)
        found.append(Field(row, value, typed, fault[1] if fault[0] == row.key else "", prefix))
    return found


def typed(
    rows: Iterable[Attribute], values: Mapping[str, Any], data: QueryDict, *, prefix: str = PREFIX
) -> dict[str, str]:
    """What was typed, by key; what is as it was is left out, so that a value of an earlier choice is not judged again."""
    found = {}
    for row in rows:
        name = f"{prefix}{row.key}"
        if name in data and str(data[name]).strip() != attributes.typed(row, values.get(row.key)):
            found[row.key] = str(data[name])
    return found


def shown(attribute: Attribute, value: Any) -> str:
    """A stored value for a reader."""
    if value is None:
        return ""
    if attribute.kind == AttributeKind.BOOLEAN and isinstance(value, bool):
        return _("Yes") if value else _("No")
    if attribute.kind == AttributeKind.DATE and isinstance(value, str):
        try:
            return dates.formatted(date.fromisoformat(value), "j F Y")
        except ValueError:
            return value
    return str(value)
