"""Changing some fields of a row: which of the values that a caller gave differ from what the row holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Model

UNSET: Any = object()
"""The default of a parameter whose None is a value."""


def differing(row: Model, given: Mapping[str, Any], *, unset: object = None) -> list[str]:
    """The fields whose value is given and differs from the row's; `unset` stands for a value that was not given."""
    return [field for field, value in given.items() if value is not unset and getattr(row, field) != value]


def change(row: Model, given: Mapping[str, Any], *, unset: object = None) -> list[str]:
    """Set the fields that differ and return their names. The verb saves the row."""
    changed = differing(row, given, unset=unset)
    for field in changed:
        setattr(row, field, given[field])
    return changed
