"""Reading a condition from JSON, with errors that say where in it they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.errors import Invalid
from conversations.conditions.fields import PLACES, Field, known, of_attribute
from conversations.conditions.kinds import KINDS
from tickets.models import Attribute

DEEPEST = 5
MOST_LEAVES = 50
MODES = ("all", "any", "none")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One field, compared with a value."""

    field: Field
    operator: str
    value: Any

    def as_json(self) -> dict[str, Any]:
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {"field": self.field.name, self.operator: value}


@dataclass(frozen=True, slots=True)
class Group:
    """Several conditions, of which `all`, `any` or `none` hold."""

    mode: str
    parts: tuple[Leaf | Group, ...]

    def as_json(self) -> dict[str, Any]:
        return {self.mode: [part.as_json() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class Condition:
    """What rows of a subject have to be like."""

    subject: str
    root: Leaf | Group

    @property
    def is_empty(self) -> bool:
        """Whether it holds for every row because it asks nothing."""
        return isinstance(self.root, Group) and self.root.mode != "any" and not self.root.parts

    def as_json(self) -> dict[str, Any]:
        """What `parse` reads as the same condition."""
        return {} if self.is_empty else self.root.as_json()

    def leaves(self) -> Iterator[Leaf]:
        """All comparisons in it."""
        return _leaves(self.root)

    def and_also(self, *others: Condition) -> Condition:
        """This one and others at once."""
        parts: list[Leaf | Group] = []
        for one in (self, *others):
            if isinstance(one.root, Group) and one.root.mode == "all":
                parts += one.root.parts
            elif not one.is_empty:
                parts.append(one.root)
        return Condition(self.subject, Group("all", tuple(parts)))


def every(subject: str) -> Condition:
    """The condition that holds for every row."""
    return Condition(subject, Group("all", ()))


def _leaves(part: Leaf | Group) -> Iterator[Leaf]:
    if isinstance(part, Leaf):
        yield part
    else:
        for one in part.parts:
            yield from _leaves(one)


def parse(value: Any, subject: str = "conversation", attributes: Sequence[Attribute] | None = None) -> Condition:
    """The condition that JSON spells. Raises Invalid with the path to what is wrong, such as `all[2].is`.

    Custom attributes are looked up in the open scope, if one is named, unless they are given.
    """
    return Condition(subject, _Reader(subject, attributes).read(value))


class _Reader:
    def __init__(self, subject: str, attributes: Sequence[Attribute] | None) -> None:
        self.subject, self.attributes, self.leaves = subject, attributes, 0

    def read(self, value: Any, path: str = "", depth: int = 0) -> Leaf | Group:
        if not isinstance(value, dict):
            raise _fault(path, "a condition must be an object", "not_an_object")
        if depth > DEEPEST:
            raise _fault(path, f"conditions are nested at most {DEEPEST} deep", "too_deep")
        if "field" in value:
            return self._leaf(value, path)
        if unknown := [name for name in value if name not in MODES]:
            raise _fault(_under(path, str(unknown[0])), "a condition has a field, or all, any or none", "unknown_field")
        groups = [self._group(mode, value[mode], path, depth) for mode in MODES if mode in value]
        return groups[0] if len(groups) == 1 else Group("all", tuple(groups))

    def _group(self, mode: str, value: Any, path: str, depth: int) -> Group:
        place = _under(path, mode)
        if not isinstance(value, list):
            raise _fault(place, f"{mode} must be a list of conditions", "wrong_value")
        if len(value) > MOST_LEAVES:
            raise _fault(place, f"a condition has at most {MOST_LEAVES} comparisons", "too_many")
        return Group(mode, tuple(self.read(one, f"{place}[{n}]", depth + 1) for n, one in enumerate(value)))

    def _leaf(self, value: Mapping[str, Any], path: str) -> Leaf:
        self.leaves += 1
        if self.leaves > MOST_LEAVES:
            raise _fault(path, f"a condition has at most {MOST_LEAVES} comparisons", "too_many")
        field = self._field(value["field"], path)
        named = [name for name in value if name != "field"]
        operators = KINDS[field.kind]
        if len(named) != 1 or named[0] not in operators:
            at = _under(path, str(named[0])) if len(named) == 1 else path
            raise _fault(at, f"{field.name} takes exactly one of {', '.join(operators)}", "unknown_operator")
        operator = named[0]
        check: Callable[[Any, Sequence[str]], Any] = operators[operator]
        try:
            return Leaf(field, operator, check(value[operator], field.values))
        except ValueError as error:
            raise _fault(_under(path, operator), f"this must be {error}", "wrong_value") from error

    def _field(self, name: Any, path: str) -> Field:
        found = known(self.subject).get(name) if isinstance(name, str) else None
        if found is None and isinstance(name, str):
            found = self._attribute(name)
        if found is None:
            raise _fault(_under(path, "field"), f"there is no such field of a {self.subject}", "unknown_field")
        return found

    def _attribute(self, name: str) -> Field | None:
        for beginning, (described, column) in PLACES[self.subject].items():
            if name.startswith(beginning):
                if self.attributes is None:
                    self.attributes = list(Attribute.objects.order_by("position", "pk"))
                key = name.removeprefix(beginning)
                rows = (row for row in self.attributes if (row.subject, row.key) == (described, key))
                return next((of_attribute(row, name, column) for row in rows), None)
        return None


def _under(path: str, name: str) -> str:
    return f"{path}.{name[:50]}" if path else name[:50]


def _fault(path: str, message: str, code: str) -> Invalid:
    return Invalid(message, field=path or None, code=code)
