"""Which lines of the journal are asked for: who, what, when, and about which row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts import journal
from accounts.models import ActorKind, Event, Workspace
from accounts.text import whole_number

OTHERS = (ActorKind.API_KEY, ActorKind.CONTACT, ActorKind.ASSISTANT, ActorKind.SYSTEM)
"""Who acts beside members."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters as they stand in the address; what cannot be read is a fault, and filters nothing."""

    given: dict[str, str]
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: QueryDict) -> Filters:
        """Read from a query string."""
        names = ("who", "what", "since", "until", "kind", "number")
        given = {name: query.get(name, "").strip() for name in names}
        return cls({name: value for name, value in given.items() if value}, {})

    def narrowed(self, workspace: Workspace) -> QuerySet[Event]:
        """The lines that fit, newest first: by their moments where days are asked for, so that no others are walked along."""
        rows = Event.objects.filter(workspace=workspace).order_by(*(("-at", "-id") if self._is_by_moment else ("-id",)))
        for name, value in self.given.items():
            rows = getattr(self, f"_{name}")(rows, value)
        return rows

    def below(self, rows: QuerySet[Event], line: Event) -> QuerySet[Event]:
        """Those of the lines that come after this one."""
        if not self._is_by_moment:
            return rows.filter(id__lt=line.pk)
        return rows.filter(at__lte=line.at).filter(Q(at__lt=line.at) | Q(id__lt=line.pk))

    @property
    def _is_by_moment(self) -> bool:
        return "since" in self.given or "until" in self.given

    @property
    def query(self) -> str:
        """The query string of these filters."""
        return urlencode(self.given)

    def _who(self, rows: QuerySet[Event], value: str) -> QuerySet[Event]:
        if value in {kind.value for kind in OTHERS}:
            return rows.filter(actor_kind=value)
        number = whole_number(value)
        if number is None:
            self.faults["who"] = _("Choose someone of the list.")
            return rows
        return rows.filter(actor_kind=ActorKind.MEMBER, actor_id=number)

    def _what(self, rows: QuerySet[Event], value: str) -> QuerySet[Event]:
        found = [name for name in journal.catalogue if name == value or name.startswith(f"{value}.")]
        if not found:
            self.faults["what"] = _("Choose something of the list.")
            return rows
        return rows.filter(type__in=found)

    def _kind(self, rows: QuerySet[Event], value: str) -> QuerySet[Event]:
        if value not in subjects():
            self.faults["kind"] = _("Choose something of the list.")
            return rows
        return rows.filter(subject_type=value)

    def _number(self, rows: QuerySet[Event], value: str) -> QuerySet[Event]:
        number = whole_number(value.removeprefix("#"))
        if number is None:
            self.faults["number"] = _("Enter a number.")
            return rows
        kinds = [self.given["kind"]] if self.given.get("kind") in subjects() else subjects()
        return rows.filter(subject_type__in=kinds, subject_id=number)

    def _since(self, rows: QuerySet[Event], value: str) -> QuerySet[Event]:
        day = self._day("since", value)
        return rows if day is None else rows.filter(at__gte=_begin(day))

    def _until(self, rows: QuerySet[Event], value: str) -> QuerySet[Event]:
        day = self._day("until", value)
        return rows if day is None else rows.filter(at__lt=_begin(day + timedelta(days=1)))

    def _day(self, name: str, value: str) -> date | None:
        try:
            day = date.fromisoformat(value)
            if not 1900 <= day.year <= 9000:
                raise ValueError(value)
        except ValueError:
            self.faults[name] = _("Enter a day, such as 2026-03-31.")
            return None
        return day


def subjects() -> list[str]:
    """The kinds of rows that lines are about."""
    return sorted({kind.subject for kind in journal.catalogue.values()})


def kinds() -> list[tuple[str, list[tuple[str, str]]]]:
    """What can happen, in groups: each with the name of its type, and its words."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, kind in sorted(journal.catalogue.items()):
        groups.setdefault(name.partition(".")[0], []).append((name, kind.meaning.rstrip(".")))
    return list(groups.items())


def _begin(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
