"""The filters of a list: pairs of its query string, the condition that they make, and the chips that show and remove them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy

from accounts.errors import Invalid
from accounts.text import whole_number
from conversations import conditions
from conversations.conditions import Condition, Leaf
from conversations.conditions.descriptions import Names, leaf_words, value_words

Pairs = tuple[tuple[str, str], ...]
"""As the query string has them, and as every link of the list keeps them."""

CHOSEN = ("status", "priority", "tag", "assignee", "team", "channel")
"""Of which several mean any of them."""
DATES: Mapping[str, tuple[str, str]] = {
    "created_after": ("created", "after"),
    "created_before": ("created", "before"),
    "message_after": ("last_message", "after"),
    "message_before": ("last_message", "before"),
    "due_after": ("due", "after"),
    "due_before": ("due", "before"),
}
DUE: Mapping[str, tuple[str | Promise, Mapping[str, str]]] = {
    "overdue": (lazy("Overdue"), {"before": "now"}),
    "today": (pgettext_lazy("due", "Today"), {"after": "today", "before": "tomorrow"}),
    "week": (pgettext_lazy("due", "This week"), {"after": "this_week", "before": "next_week"}),
}
"""When a reply or a ticket is due: its name, and the moments between which that is."""
DUE_FIELDS = {"conversation": "deadline", "ticket": "due"}
FLAGS: Mapping[str, Any] = {"unread": True, "file": True, "follower": "me", "mentioned": "me"}
"""Fields that are asked for one value alone."""
ANYTHING = "filter"
"""A condition as JSON, for all that the form does not offer."""
ATTRIBUTE = "attribute."
"""The beginning of the names of custom attributes."""
NAMES = (*CHOSEN, *DATES, "due", *FLAGS, ANYTHING)
MOST, LONGEST, LONGEST_JSON = 30, 200, 2_000


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in words, and the pairs that are left without it."""

    text: str
    rest: Pairs


def of(query: QueryDict) -> Pairs:
    """The pairs of a query string that narrow a list; what is too long or too much is left out."""
    found = [
        (name, value)
        for name in query
        if name in NAMES or name.startswith((ATTRIBUTE, f"contact.{ATTRIBUTE}"))
        for value in query.getlist(name)
        if value.strip() and len(value) <= (LONGEST_JSON if name == ANYTHING else LONGEST)
    ]
    return tuple(dict.fromkeys(found[:MOST]))


def condition(pairs: Pairs, subject: str = "conversation") -> Condition:
    """What the pairs ask for. Those that mean nothing are ignored: an address may be from another day."""
    return conditions.every(subject).and_also(*(found for found, _names in _read(pairs, subject)))


def chips(pairs: Pairs, subject: str = "conversation") -> list[Chip]:
    """The filters as people read them."""
    read = _read(pairs, subject)
    names = Names.of(leaf for found, _pairs in read for leaf in found.leaves())
    return [
        Chip(_due_words(own) or _words(found, names), tuple(pair for pair in pairs if pair not in own))
        for found, own in read
    ]


def query(pairs: Pairs) -> str:
    """The pairs as a query string."""
    return urlencode(pairs)


def _words(found: Condition, names: Names) -> str:
    root = found.root
    if not isinstance(root, Leaf):
        return conditions.described(found)
    if root.operator == "in" and root.field.kind != "text":
        return _("%(field)s: %(values)s") % {"field": root.field.label, "values": value_words(root, names)}
    return leaf_words(root, names)


def _due_words(own: Sequence[tuple[str, str]]) -> str:
    labels = [str(DUE[value][0]) for name, value in own if name == "due" and value in DUE]
    return _("%(field)s: %(values)s") % {"field": _("Due"), "values": ", ".join(labels)} if labels else ""


def _read(pairs: Pairs, subject: str) -> list[tuple[Condition, Sequence[tuple[str, str]]]]:
    """The condition of each filter, with the pairs that make it."""
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    fields = {field.name: field for field in conditions.fields(subject)} if any(map(_is_attribute, grouped)) else {}
    found: list[tuple[Condition, Sequence[tuple[str, str]]]] = []
    for name, values in grouped.items():
        for one in _spelled(name, values, fields, subject):
            try:
                made = conditions.parse(one, subject)
            except Invalid:
                continue
            if not made.is_empty:
                found.append((made, [(name, value) for value in values]))
    return found


def _is_attribute(name: str) -> bool:
    return name.startswith((ATTRIBUTE, f"contact.{ATTRIBUTE}"))


def _spelled(name: str, values: Sequence[str], fields: Mapping[str, conditions.Field], subject: str) -> Iterable[Any]:
    """The JSON of the pairs of a name."""
    if name in CHOSEN:
        ids = name in ("assignee", "team")
        yield {"field": name, "in": [(whole_number(one) or one) if ids else one for one in values]}
    elif name in DATES:
        field, operator = DATES[name]
        yield from ({"field": field, operator: value} for value in values[:1])
    elif name == "due":
        field = DUE_FIELDS.get(subject, "")
        chosen = [DUE[value][1] for value in values if value in DUE]
        spans = [{"all": [{"field": field, operator: word} for operator, word in span.items()]} for span in chosen]
        yield from [{"any": spans}] if spans else []
    elif name in FLAGS:
        yield {"field": name, "is": FLAGS[name]}
    elif name == ANYTHING:
        for value in values:
            try:
                yield json.loads(value)
            except (ValueError, RecursionError):
                continue
    elif (field_ := fields.get(name)) is not None:
        yield _of_attribute(field_, values)


def _of_attribute(field: conditions.Field, values: Sequence[str]) -> Any:
    if field.kind == "optional_yes_or_no":
        return {"field": field.name, "is": values[0] == "true"}
    if field.kind == "optional_choice":
        return {"field": field.name, "in": list(values)}
    return {"field": field.name, "contains" if field.kind == "text" else "is": values[0].strip()}
