"""People, teams and tags."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.models import Team
from conversations.conditions.context import Context
from conversations.conditions.sources.source import NEVER, any_of, read, values_of
from conversations.models import Follower, Mention


@dataclass(frozen=True, slots=True)
class Member:
    """A column that points at a member."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        ids, wants_none = _members(operator, value, context, "nobody")
        wanted = Q(**{f"{self.path}__in": ids})
        return wanted | Q(**{f"{self.path}__isnull": True}) if wants_none else wanted

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        ids, wants_none = _members(operator, value, context, "nobody")
        found = read(row, f"{self.path}_id")
        return wants_none if found is None else found in ids


def _members(operator: str, value: Any, context: Context, none: str) -> tuple[list[int], bool]:
    values = values_of(operator, value)
    ids = [context.me if one == "me" else one for one in values if one != none]
    return [one for one in ids if isinstance(one, int)], none in values


@dataclass(frozen=True, slots=True)
class Members:
    """Members of whom rows of a model tell something about a conversation, such as its followers."""

    model: type[Follower] | type[Mention]

    def q(self, operator: str, value: Any, context: Context) -> Q:
        ids, wants_none = _members(operator, value, context, "nobody")
        rows = self.model.objects.filter(conversation=OuterRef("pk"))
        wanted = Q(Exists(rows.filter(user__in=ids))) if ids else NEVER
        return wanted | Q(~Exists(rows)) if wants_none else wanted

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        ids, wants_none = _members(operator, value, context, "nobody")
        found = set(self.model.objects.filter(conversation=row).values_list("user", flat=True))
        return wants_none if not found else not found.isdisjoint(ids)


@dataclass(frozen=True, slots=True)
class OfTeam:
    """A column that points at a team."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        values = values_of(operator, value)
        found = [Q(**{f"{self.path}__in": [one for one in values if isinstance(one, int)]})]
        if "mine" in values and context.me is not None:
            found.append(Q(**{f"{self.path}__in": _teams_of(context.me)}))
        if "none" in values:
            found.append(Q(**{f"{self.path}__isnull": True}))
        return any_of(found)

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        values, found = values_of(operator, value), read(row, f"{self.path}_id")
        if found is None:
            return "none" in values
        is_mine = "mine" in values and context.me is not None
        return found in values or (is_mine and _teams_of(context.me).filter(pk=found).exists())


def _teams_of(user: int | None) -> models.QuerySet[Team, Any]:
    return Team.objects.filter(members=user).order_by().values("pk")


@dataclass(frozen=True, slots=True)
class Tags:
    """A column of tags, which are found in the spellings that people give one tag."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return Q(**{f"{self.path}__gt": []})
        return Q(**{f"{self.path}__overlap": spellings_of_tags(values_of(operator, value))})

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = read(row, self.path) or []
        if operator == "exists":
            return bool(found)
        return not set(found).isdisjoint(spellings_of_tags(values_of(operator, value)))


def spellings_of_tags(names: Iterable[str]) -> list[str]:
    """The spellings in which rows hold some tags: as given, in small or capital letters, with a capital.

    A list of spellings, and not a comparison in any case, for an index of what rows hold finds them.
    """
    cases: tuple[Callable[[str], str], ...] = (str, str.lower, str.upper, str.capitalize, str.title)
    return list(dict.fromkeys(form(case(name)) for name in names for case in cases for form in _FORMS))


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


_FORMS: tuple[Callable[[str], str], ...] = (str, _nfc, _nfd)
