"""A condition in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Membership, Team
from conversations.conditions.fields import Label
from conversations.conditions.grammar import Condition, Group, Leaf

OPERATORS: Mapping[str, Label] = {
    "is": lazy("is"),
    "is_not": lazy("is not"),
    "in": lazy("is any of"),
    "not_in": lazy("is none of"),
    "contains": lazy("contains"),
    "not_contains": lazy("does not contain"),
    "starts_with": lazy("begins with"),
    "gt": lazy("is more than"),
    "gte": lazy("is at least"),
    "lt": lazy("is less than"),
    "lte": lazy("is at most"),
    "before": lazy("before"),
    "after": lazy("from"),
    "older_than": lazy("more than … ago"),
    "newer_than": lazy("within the last …"),
    "exists": lazy("is set"),
}
"""What people read in place of an operator."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the members and teams of a workspace."""

    members: Mapping[int, str]
    teams: Mapping[int, str]

    @classmethod
    def of(cls, leaves: Iterable[Leaf]) -> Names:
        """Of those that some comparisons name, in one query for each kind."""
        found = list(leaves)
        members, teams = _ids(found, "member"), _ids(found, "team")
        people = Membership.objects.filter(user__in=members).select_related("user") if members else ()
        named = Team.objects.filter(pk__in=teams) if teams else ()
        return cls(
            {one.user_id: one.user.name or one.user.email for one in people}, {one.pk: one.name for one in named}
        )


def _ids(leaves: Iterable[Leaf], kind: str) -> list[int]:
    values = [leaf.value for leaf in leaves if leaf.field.kind == kind]
    several = [one for value in values for one in (value if isinstance(value, tuple) else (value,))]
    return [one for one in several if isinstance(one, int)]


def described(condition: Condition) -> str:
    """The condition in words of the current language; everything is an empty text."""
    if condition.is_empty:
        return ""
    return _part(condition.root, Names.of(condition.leaves()), is_outer=True)


def leaf_words(leaf: Leaf, names: Names) -> str:
    """One comparison in words."""
    label, value = str(leaf.field.label), value_words(leaf, names)
    if leaf.field.kind == "yes_or_no":
        return label if leaf.value else _("not: %(what)s") % {"what": label}
    if leaf.operator == "exists":
        return (_("%(field)s is set") if leaf.value else _("%(field)s is not set")) % {"field": label}
    if leaf.operator == "older_than":
        return _("%(field)s more than %(age)s ago") % {"field": label, "age": value}
    if leaf.operator == "newer_than":
        return _("%(field)s within the last %(age)s") % {"field": label, "age": value}
    return f"{label} {OPERATORS[leaf.operator]} {value}"


def value_words(leaf: Leaf, names: Names) -> str:
    """What a comparison compares with, in words."""
    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    return ", ".join(_value(leaf, one, names) for one in values)


def _value(leaf: Leaf, value: object, names: Names) -> str:
    kind = leaf.field.kind
    if kind == "member":
        words = {"me": _("me"), "nobody": _("nobody")}
        return words.get(str(value)) or names.members.get(_number(value)) or _("a former member")
    if kind == "team":
        words = {"mine": _("my teams"), "none": _("no team")}
        return words.get(str(value)) or names.teams.get(_number(value)) or _("a deleted team")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    labels = dict(leaf.field.choices)
    return str(labels.get(str(value), value))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _part(part: Leaf | Group, names: Names, *, is_outer: bool = False) -> str:
    if isinstance(part, Leaf):
        return leaf_words(part, names)
    if not part.parts:
        return _("nothing") if part.mode == "any" else _("everything")
    glue = _(" and ") if part.mode == "all" else _(" or ")
    text = glue.join(_part(one, names) for one in part.parts)
    if part.mode == "none":
        return _("none of (%(what)s)") % {"what": text}
    return text if is_outer or len(part.parts) == 1 else f"({text})"
