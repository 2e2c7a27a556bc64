"""Declaring a format's answers once: the fields of an `Output` are its component in OpenAPI, and they print its rows.

A field prints the attribute that its `source` names (its own name by default, `contact.name` for one further away, `*` for
the row itself), or what the output's method `get_SOURCE(row)` returns. Values print as they are, but for three rules:

- a field with a function `prints`, such as `Word`, makes JSON of the value, unless that is None; an id is a text
- a text that may be null and must not be blank is null where it is blank
- a field that is not required is left out where its method returns `empty`, and where it has no value and cannot be null
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import cache, lru_cache, partial
from operator import attrgetter
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from conversations import priorities
from conversations.api.twins import Twins

Reader = Callable[[Any], Any]


# Without a docstring, which every component would inherit.
class Output(serializers.Serializer[Any]):
    def to_representation(self, row: Any) -> dict[str, Any]:
        printed: dict[str, Any] = _printer(type(self))(row)
        return printed


# An object that the desk keeps as it is printed.
class Stored(Output):
    def to_representation(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: row.get(name) for name in self._declared_fields}


class Word(serializers.ChoiceField):
    """An enum of the format for the desk's values; "" prints as null."""

    def __init__(self, twins: Twins, **kwargs: Any) -> None:
        super().__init__(choices=twins.values, **kwargs)
        self.prints = (lambda value: twins.printed(value) or None) if self.allow_null else twins.printed


class Priority(serializers.ChoiceField):
    """A priority, which is free text, as the format's value of the same rank."""

    def __init__(self, values: Iterable[str], **kwargs: Any) -> None:
        super().__init__(choices=list(values), **kwargs)
        self.prints = lru_cache(256)(partial(priorities.printed, enum=list(values)))


class Constant(serializers.ChoiceField):
    """The same word everywhere, such as the name of a kind of object."""

    def __init__(self, word: str, **kwargs: Any) -> None:
        super().__init__(choices=[word], style={"always": word}, **kwargs)


def always(value: Any, field: Any) -> Any:
    """A field of the format for which this desk has one value, mostly None."""
    field._kwargs["style"] = {"always": value}
    return deepcopy(field)  # made anew from its arguments


@cache
def _printer(output: type[Output]) -> Reader:
    """What prints a row: first the fields that are always there, then those that may be left out."""
    fields = output._declared_fields.items()
    always = [(name, _reader(output, name, field)) for name, field in fields if field.required]
    rarely = [(name, _reader(output, name, field)) for name, field in fields if not field.required]
    if not rarely:
        return lambda row: {name: read(row) for name, read in always}

    def prints(row: Any) -> dict[str, Any]:
        found = ((name, read(row)) for name, read in rarely)
        return {name: read(row) for name, read in always} | {name: value for name, value in found if value is not empty}

    return prints


def _reader(output: type[Output], name: str, field: serializers.Field[Any, Any, Any, Any]) -> Reader:
    if "always" in field.style:
        value = field.style["always"]
        return lambda row: value
    source = field.source or name
    # REST framework has methods of such names itself, such as `get_value`.
    is_own = not hasattr(serializers.Serializer, f"get_{source}")
    method = getattr(output(), f"get_{source}", None) if is_own else None
    found: Reader = method or (attrgetter(source) if source != "*" else lambda row: row)
    prints = _prints(field)
    if not field.required:
        return _optional(found, prints, None if field.allow_null else empty)
    if prints is None:
        # A text that may be null but not blank, or a value that is JSON already.
        is_null_where_blank = isinstance(field, serializers.CharField) and field.allow_null and not field.allow_blank
        return (lambda row: found(row) or None) if is_null_where_blank else found
    if field.allow_null:
        return lambda row: None if (value := found(row)) is None else prints(value)
    return lambda row: prints(found(row))


def _prints(field: Any) -> Reader | None:
    """What makes JSON of a value that is not None; None where it is JSON already."""
    if isinstance(field, Output):
        return field.to_representation if isinstance(field, Stored) else _printer(type(field))
    if isinstance(field, (serializers.ListSerializer, serializers.ListField)):
        each = _prints(field.child)
        return None if each is None else lambda rows: [each(row) for row in rows]
    if isinstance(field, serializers.UUIDField):
        return str
    found: Reader | None = getattr(field, "prints", None)
    return found


def _optional(found: Reader, prints: Reader | None, nothing: Any) -> Reader:
    def read(row: Any) -> Any:
        value = found(row)
        if value is None or value is empty:
            return nothing if value is None else empty
        return value if prints is None else prints(value)

    return read
