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
from typing import Any, ClassVar

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from rest_framework import serializers
from rest_framework.fields import empty

from conversations import priorities
from conversations.api.twins import Twins

Reader = Callable[[Any], Any]


# Without a docstring, which every component would inherit.
class Output(serializers.Serializer[Any]):
    reads: ClassVar[tuple[str, ...]] = ()

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
def columns(output: type[Output], model: type[Model]) -> tuple[str, ...]:
    """The columns of a model that an output prints, for `printing` and `only`: `name`, or `contact__name` further away.

    Those that its methods and the model's properties read stand in the output's `reads`.
    """
    found = dict.fromkeys(output.reads)
    for name, field in output._declared_fields.items():
        source = field.source or name
        inner = field.child if isinstance(field, serializers.ListSerializer) else field
        if isinstance(inner, Output) and source == "*":
            found |= dict.fromkeys(columns(type(inner), model))
        elif isinstance(inner, Output) and (relation := _column(model, source)) and relation.related_model:
            further = columns(type(inner), relation.related_model)
            found |= dict.fromkeys(f"{source}__{column}" for column in further)
        elif _column(model, source.replace(".", "__")):
            found[source.replace(".", "__")] = None
    return tuple(found)


def _column(model: type[Model], path: str) -> Any:
    """The field of a path such as `contact__name`; None where there is no such column."""
    found: Any = None
    for step in path.split("__"):
        try:
            found = model._meta.get_field(step)
        except FieldDoesNotExist:
            return None
        model = found.related_model
    return found if found.concrete else None


@cache
def _printer(output: type[Output]) -> Reader:
    """What prints a row: all attributes are read at once, and what is made of each is known beforehand."""
    columns = [_printed(output, name, field) for name, field in output._declared_fields.items()]
    paths = [*dict.fromkeys(path for _, path, _ in columns if path is not None)]
    # The row itself comes last.
    plan = [(name, -1 if path is None else paths.index(path), make) for name, path, make in columns]
    read = _attributes(paths)

    def prints(row: Any) -> dict[str, Any]:
        values = (*read(row), row)
        return {name: values[place] if make is None else make(values[place]) for name, place, make in plan}

    if all(field.required for field in output._declared_fields.values()):
        return prints
    return lambda row: {name: value for name, value in prints(row).items() if value is not empty}


def _attributes(paths: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(paths) > 1:
        return attrgetter(*paths)
    one = attrgetter(*paths) if paths else None
    return (lambda row: (one(row),)) if one else (lambda row: ())


def _printed(
    output: type[Output], name: str, field: serializers.Field[Any, Any, Any, Any]
) -> tuple[str, str | None, Reader | None]:
    """A field's name, the attribute that is read (None for the row itself), and what makes JSON of it (None: it is JSON)."""
    if "always" in field.style:
        value = field.style["always"]
        return name, None, lambda row: value
    source = field.source or name
    # REST framework has methods of such names itself, such as `get_value`.
    is_own = not hasattr(serializers.Serializer, f"get_{source}")
    method = getattr(output(), f"get_{source}", None) if is_own else None
    make = _made(field)
    if method is None:
        return name, (source if source != "*" else None), make
    return name, None, method if make is None else (lambda row: make(method(row)))


def _made(field: Any) -> Reader | None:
    """What makes JSON of a value, also of None; None where the value is JSON already."""
    prints = _prints(field)
    if not field.required:
        nothing = None if field.allow_null else empty
        if prints is None:
            return lambda value: nothing if value is None else value
        return lambda value: nothing if value is None else empty if value is empty else prints(value)
    if prints is None:
        # A text that may be null but not blank.
        is_null_where_blank = isinstance(field, serializers.CharField) and field.allow_null and not field.allow_blank
        return (lambda value: value or None) if is_null_where_blank else None
    return (lambda value: None if value is None else prints(value)) if field.allow_null else prints


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
