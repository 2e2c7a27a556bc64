"""What is typed as business hours: a time zone, and the intervals of each day as rows, of which blank ones are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.errors import DomainError, Invalid
from conversations.screens.sentences import sentence
from tickets import hours
from tickets.hours import DAYS, Hours

ALWAYS, WEEKLY = "always", "weekly"
USUAL: Mapping[str, Any] = {day: [["09:00", "17:00"]] for day in list(DAYS)[:5]}
"""What the page proposes to a workspace without hours."""
_AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")

Row = list[str]


@dataclass(slots=True)
class Day:
    """A day with what is typed for it."""

    key: str
    name: str
    rows: list[Row]
    faults: list[str] = field(default_factory=list)


class HoursForm(forms.Form):
    """The hours of a week. A form that asks for another row is shown again and not saved."""

    mode = forms.ChoiceField(
        choices=[(ALWAYS, lazy("Always open")), (WEEKLY, lazy("Weekly hours"))], label=lazy("Open")
    )
    time_zone = forms.CharField(max_length=64, label=lazy("Time zone"))

    def __init__(self, kept: Hours | None, time_zone: str, data: QueryDict | None = None) -> None:
        initial = {"mode": WEEKLY if kept else ALWAYS, "time_zone": kept.time_zone if kept else time_zone}
        super().__init__(data, initial=initial)
        week = kept.as_json()["weekly"] if kept else USUAL
        rows = _typed(data) if data is not None else {day: _shown(week.get(day, [])) for day in DAYS}
        self.days = [Day(day, str(name), rows[day]) for day, name in zip(DAYS, WEEKDAYS.values(), strict=True)]

    @property
    def zones(self) -> list[tuple[str, list[str]]]:
        """Every time zone by its area, with the one that is set."""
        return _zones(str(self["time_zone"].value() or ""))

    @property
    def document(self) -> dict[str, Any] | None:
        """For the verb. The form is valid."""
        if self.cleaned_data["mode"] == ALWAYS:
            return None
        weekly = {day.key: _filled(day.rows) for day in self.days}
        return {"time_zone": self.cleaned_data["time_zone"], "weekly": weekly}

    def clean(self) -> dict[str, Any]:
        """Each day by itself, so that every one says what is wrong with it."""
        for day in self.days if self.cleaned_data.get("mode") == WEEKLY else ():
            try:
                _check(day)
            except Invalid as error:
                self._refuse_day(day, sentence(error))
        return self.cleaned_data

    def refuse(self, error: DomainError) -> None:
        """Show what the verb refused beside its field."""
        days = {f"weekly.{day.key}": day for day in self.days}
        if error.field in days:
            self._refuse_day(days[error.field], sentence(error))
        else:
            self.add_error("time_zone" if error.field == "time_zone" else None, sentence(error))

    def _refuse_day(self, day: Day, fault: str) -> None:
        day.faults.append(fault)
        self.add_error(None, f"{day.name}: {fault}")

    def edit(self, data: QueryDict) -> bool:
        """Add or remove a row, or copy a day, if that is what the form was sent for."""
        days = {day.key: day for day in self.days}
        if (day := days.get(data.get("add", ""))) is not None:
            day.rows.append(["", ""])
        elif (found := re.fullmatch(r"(\w{3})-(\d{1,3})", data.get("remove", ""))) and found[1] in days:
            rows = days[found[1]].rows
            number = int(found[2])
            del rows[number - 1 : number]
        elif (day := days.get(data.get("copy", ""))) is not None:
            for other in self.days[:5]:
                other.rows = [list(row) for row in day.rows]
        else:
            return False
        return True


def _check(day: Day) -> None:
    if any(bool(start) != bool(end) for start, end in day.rows):
        raise Invalid(_("enter both when it opens and when it closes"))
    hours.parse({"weekly": {day.key: _filled(day.rows)}})


def _filled(rows: list[Row]) -> list[Row]:
    return [row for row in rows if any(row)]


def _shown(intervals: Sequence[Sequence[str]]) -> list[Row]:
    """As a field for a time takes it, which knows no 24:00."""
    return [["00:00" if time == "24:00" else time for time in interval] for interval in intervals]


def _typed(data: QueryDict) -> dict[str, list[Row]]:
    """The rows of each day in the order of their numbers, the blank ones too."""
    return {day: [[data.get(f"{name}-{end}", "").strip() for end in ("from", "to")] for name in _names(day, data)] for day in DAYS}  # fmt: skip


def _names(day: str, data: QueryDict) -> Iterator[str]:
    numbers = sorted(int(found[1]) for name in data if (found := re.fullmatch(rf"{day}-([0-9]{{1,3}})-from", name)))
    return (f"{day}-{number}" for number in dict.fromkeys(numbers) if f"{day}-{number}-from" in data)


def _zones(chosen: str) -> list[tuple[str, list[str]]]:
    names = sorted(hours.zones().values())
    areas = [(area, [name for name in names if name.startswith(f"{area}/")]) for area in _AREAS]
    found = [("", ["UTC"]), *areas]
    if chosen and not any(chosen in of_area for _, of_area in found):
        found.insert(0, ("", [chosen]))
    return found
