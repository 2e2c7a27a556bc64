"""A condition in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Membership, Team
from conversations.conditions.fields import Label
from conversations.conditions.grammar import Condition, Group, Leaf
from tickets import tags
from tickets.models import Tag

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
RELATIVE: Mapping[str, Label] = {
    "now": lazy("now"),
    "today": lazy("today"),
    "tomorrow": lazy("tomorrow"),
    "this_week": lazy("this week"),
    "next_week": lazy("next week"),
}
"""What people read in place of a moment that moves with the clock."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the members and teams of a workspace."""

    members: Mapping[int, str]
    teams: Mapping[int, str]
    tags: Collection[str] | None = None
    """The keys of the tags that there are; None where nobody asked."""

    @classmethod
    def of(cls, leaves: Iterable[Leaf], *, with_tags: bool = False) -> Names:
        """Of those that some comparisons name, in one query for each kind."""
        found = list(leaves)
        members, teams = _ids(found, "member"), _ids(found, "team")
        people = Membership.objects.filter(user__in=members).select_related("user") if members else ()
        named = Team.objects.filter(pk__in=teams) if teams else ()
        return cls(
            {one.user_id: one.user.name or one.user.email for one in people},
            {one.pk: one.name for one in named},
            _known_tags(found) if with_tags else None,
        )


def _known_tags(leaves: Iterable[Leaf]) -> Collection[str]:
    values = [leaf.value for leaf in leaves if leaf.field.kind == "tags" and not isinstance(leaf.value, bool)]
    names = {one for value in values for one in (value if isinstance(value, tuple) else (value,))}
    if not names:
        return ()
    asked = Q(*(Q(name__iexact=name) for name in names), _connector=Q.OR)
    return {tags.key(name) for name in Tag.objects.filter(asked).values_list("name", flat=True)}


def _ids(leaves: Iterable[Leaf], kind: str) -> list[int]:
    values = [leaf.value for leaf in leaves if leaf.field.kind == kind]
    several = [one for value in values for one in (value if isinstance(value, tuple) else (value,))]
    return [one for one in several if isinstance(one, int)]


def described(condition: Condition) -> str:
    """The condition in words of the current language; everything is an empty text."""
    if condition.is_empty:
        return ""
    return _part(condition.root, Names.of(condition.leaves(), with_tags=True), is_outer=True)


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
        words = {"me": _("me"), "nobody": _("unassigned")}
        return words.get(str(value)) or names.members.get(_number(value)) or _("a member (removed)")
    if kind == "team":
        words = {"mine": _("my teams"), "none": _("no team")}
        return words.get(str(value)) or names.teams.get(_number(value)) or _("a team (removed)")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if kind == "moment" and value in RELATIVE:
        return str(RELATIVE[str(value)])
    if kind == "tags" and names.tags is not None and tags.key(str(value)) not in names.tags:
        return _("%(name)s (removed)") % {"name": value}
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
