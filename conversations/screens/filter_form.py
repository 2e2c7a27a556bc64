"""The form of a list's filters: what it offers, and what is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import queries as account_queries
from conversations import conditions
from conversations.screens import filters
from conversations.screens.filters import Pairs
from tickets import queries as ticket_queries

MOST_TAGS = 300
"""How many tags the form offers."""
DATES: Mapping[str, Mapping[str, str | Promise]] = {
    "conversation": {
        "created_after": gettext_lazy("Created from"),
        "created_before": gettext_lazy("Created before"),
        "message_after": gettext_lazy("Last message from"),
        "message_before": gettext_lazy("Last message before"),
    },
    "ticket": {
        "due_after": gettext_lazy("Due from"),
        "due_before": gettext_lazy("Due before"),
        "created_after": gettext_lazy("Created from"),
        "created_before": gettext_lazy("Created before"),
    },
}
FLAGS: Mapping[str, Mapping[str, str | Promise]] = {
    "conversation": {
        "unread": gettext_lazy("Unread"),
        "file": gettext_lazy("Has a file"),
        "follower": gettext_lazy("Followed by me"),
        "mentioned": gettext_lazy("Mentions me"),
    },
    "ticket": {"unread": gettext_lazy("Unread")},
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that the form offers."""

    value: str
    label: str
    is_chosen: bool
    name: str = ""
    """Of its own, in a field that gathers several."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A field of the form: ticks for the few `choices` of it, flags of a name each, or a list, or something to type."""

    name: str
    label: str
    kind: str
    choices: Sequence[Choice] = ()
    value: str = ""


def fields(pairs: Pairs, subject: str = "conversation", *, without: Sequence[str] = ()) -> list[Asked]:
    """The fields of a subject's form, but those that are chosen elsewhere on its page."""
    chosen: dict[str, list[str]] = {}
    for name, value in pairs:
        chosen.setdefault(name, []).append(value)
    known = {field.name: field for field in conditions.fields(subject)}
    members = [(str(one.pk), one.name or one.email) for one in account_queries.assignable()]
    teams = [(str(one.pk), one.name) for one in account_queries.teams()]
    of_lists = {
        "assignee": [("me", _("Me")), ("nobody", _("Unassigned")), *members],
        "team": [("mine", _("My teams")), ("none", _("No team")), *teams],
        "tag": [(one, one) for one in ticket_queries.tag_names(MOST_TAGS)],
    }
    asked = []
    for name in filters.CHOSEN:
        if name in without:
            continue
        choices = of_lists.get(name) or [(value, str(label)) for value, label in known[name].choices]
        if not choices:
            continue
        kind = "list" if name in of_lists else "ticks"
        asked.append(Asked(name, str(known[name].label), kind, _choices(choices, chosen.get(name, []))))
    due = [(value, str(label)) for value, (label, _span) in filters.DUE.items()]
    asked.append(Asked("due", _("Due"), "ticks", _choices(due, chosen.get("due", []))))
    asked.append(
        Asked(
            "only",
            _("Only"),
            "flags",
            [Choice("1", str(label), name in chosen, name) for name, label in FLAGS[subject].items()],
        )
    )
    for name, label in DATES[subject].items():
        asked.append(Asked(name, str(label), "date", value=next(iter(chosen.get(name, [])), "")))
    asked += [
        _of_attribute(field, chosen.get(name, []))
        for name, field in known.items()
        if name.startswith((filters.ATTRIBUTE, f"contact.{filters.ATTRIBUTE}"))
    ]
    return asked


def _of_attribute(field: conditions.Field, chosen: Sequence[str]) -> Asked:
    value = next(iter(chosen), "")
    if field.kind == "optional_yes_or_no":
        choices = [("true", _("Yes")), ("false", _("No"))]
        return Asked(field.name, str(field.label), "ticks", _choices(choices, chosen))
    if field.kind == "optional_choice":
        choices = [(one, str(label)) for one, label in field.choices]
        return Asked(field.name, str(field.label), "ticks", _choices(choices, chosen))
    kind = {"day": "date", "number": "number"}.get(field.kind, "text")
    return Asked(field.name, str(field.label), kind, value=value)


def _choices(offered: Sequence[tuple[str, str]], chosen: Sequence[str]) -> list[Choice]:
    """Those that are offered, and those chosen that are not any more."""
    known = [value for value, _label in offered]
    others = [(value, value) for value in chosen if value not in known]
    return [Choice(value, label, value in chosen) for value, label in [*offered, *others]]
