"""The parts of a condition that is being edited: comparisons and groups, as JSON has them, and as fields of a form.

Each has a path: `c.1.0` is the first in the group that is the second of all. Fields of the form are named by them: `c.mode` and
`c.1.mode` say whether all, any or none of a group have to hold; `c.1.0.field`, `.op`, `.value` and `.unit` are a comparison.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made_of
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.text import whole_number
from conversations.conditions.context import RELATIVE, iso_date
from conversations.conditions.grammar import DEEPEST, MODES, MOST_LEAVES
from conversations.conditions.kinds import MOST_VALUES

ROOT = "c"
MOST_PARTS = 2 * MOST_LEAVES
NESTED = 2
"""How deep people may nest groups here; JSON may have some more."""
DATE = "date"
"""The unit of a moment that is a date; its others are words."""
_NAME = re.compile(rf"({ROOT}(?:\.[0-9]{{1,4}}){{0,{DEEPEST + 1}}})\.(mode|field|op|value|unit)")
_AGE = re.compile(r"([0-9]+)\s*([a-z]+)")


@dataclass(slots=True)
class Row:
    """A comparison as it is chosen and typed."""

    path: str
    field: str = ""
    operator: str = ""
    values: list[str] = made_of(default_factory=list)
    unit: str = ""
    fault: str = ""

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""


@dataclass(slots=True)
class Box:
    """A group of parts."""

    path: str
    mode: str = "all"
    parts: list[Row | Box] = made_of(default_factory=list)

    @property
    def depth(self) -> int:
        return self.path.count(".")

    @property
    def may_nest(self) -> bool:
        return self.depth < NESTED

    def rows(self) -> Iterator[Row]:
        """All comparisons in it."""
        for part in self.parts:
            if isinstance(part, Row):
                yield part
            else:
                yield from part.rows()


def plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def read(value: Any, path: str) -> Row | Box | None:
    """The part that JSON spells, which need not be a condition any more."""
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("field"), str):
        operator = next((name for name in value if name != "field"), "")
        given = value.get(operator)
        row = Row(
            path, value["field"], operator, [_spelled(one) for one in (given if isinstance(given, list) else [given])]
        )
        if operator in ("older_than", "newer_than") and (found := _AGE.fullmatch(row.value)):
            row.values, row.unit = [found[1]], "m" if found[2] == "min" else found[2]
        elif operator in ("before", "after"):
            row.unit = row.value if row.value in RELATIVE else DATE
        return row
    modes = [mode for mode in MODES if isinstance(value.get(mode), list)]
    if len(modes) == 1:
        box = Box(path, modes[0])
        for n, one in enumerate(value[modes[0]]):
            if (part := read(one, f"{path}.{n}")) is not None:
                box.parts.append(part)
        return box
    return _several(value, modes, path)


def _several(value: Mapping[str, Any], modes: Sequence[str], path: str) -> Box:
    """An object with several groups means all of them."""
    inner = (read({mode: value[mode]}, f"{path}.{n}") for n, mode in enumerate(modes))
    return Box(path, "all", [part for part in inner if part is not None])


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def of_form(sent: QueryDict) -> Box:
    """The parts that a form names; what has no group above it is left out."""
    parts: dict[str, Row | Box] = {}
    named = [found for name in sent if (found := _NAME.fullmatch(name))]
    for found in named:
        path, what = found[1], found[2]
        if what == "mode":
            mode = sent.get(found[0], "")
            parts[path] = Box(path, mode if mode in MODES else "all")
        elif what == "field":
            parts[path] = Row(
                path,
                field=sent.get(found[0], "")[:200],
                operator=sent.get(f"{path}.op", "")[:20],
                values=sent.getlist(f"{path}.value")[: MOST_VALUES + 1],
                unit=sent.get(f"{path}.unit", "")[:20],
            )
    root = parts.get(ROOT)
    box = root if isinstance(root, Box) else Box(ROOT)
    for path in sorted(parts, key=_order)[:MOST_PARTS]:
        above = parts.get(path.rpartition(".")[0])
        if path != ROOT and isinstance(above, Box):
            above.parts.append(parts[path])
    return box


def _order(path: str) -> list[int]:
    return [int(one) for one in path.split(".")[1:]]


def value_of(row: Row, kind: str) -> Any:
    """What a row compares with, as JSON has it."""
    if row.operator == "exists" or kind.endswith("yes_or_no"):
        return {"true": True, "false": False}.get(row.value, "")
    if row.operator in ("older_than", "newer_than"):
        return f"{row.value.strip()}{row.unit}" if row.value.strip() else ""
    if kind == "moment" and row.unit in RELATIVE:
        return row.unit
    if row.operator in ("in", "not_in"):
        given = [line for one in row.values for line in (one.splitlines() if kind in ("text", "number") else [one])]
        return [_one(one, kind) for one in given if one.strip()]
    return _one(row.value, kind) if row.value.strip() else ""


def _one(value: str, kind: str) -> Any:
    if kind in ("member", "team"):
        return whole_number(value) or value
    return value.strip() if kind == "number" else value


def fault_of(row: Row, kind: str) -> str:
    """What is wrong with the value of a row, in the reader's language, where that is plain."""
    if row.operator in ("in", "not_in") and len(value_of(row, kind)) > MOST_VALUES:
        return _("Choose at most %(num)s.") % {"num": MOST_VALUES}
    if kind == "number":
        return _("Write a number.")
    if kind == "day" or (kind == "moment" and row.operator in ("before", "after") and iso_date(row.value) is None):
        return _("Choose a date.")
    if row.operator in ("older_than", "newer_than"):
        return _("Write how long, such as 2 hours.")
    return ""
