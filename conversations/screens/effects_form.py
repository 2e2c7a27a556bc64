"""A form of effects that works without script: one field for each thing that can be done, in the order in which they are done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts import queries as people
from accounts.errors import Invalid
from conversations.actions.lifecycle import STATUS_NAMES
from conversations.effects import Effect, until, wording
from conversations.effects.vocabulary import MEMBER, NOBODY, TEAM
from conversations.knowledge import placeholders
from conversations.screens.sentences import sentence
from tickets import tags

SHOWN = ("assign", "priority", "add_tags", "remove_tags", "note", "open_ticket", "follow", "snooze", "status")
"""What the form can show, in the order in which it is done; others that a list has stay in it, after these."""
FOR = "for"
"""The choice of a snooze for a length."""
DAY_BEGINS = "9:00"
"""The time of a day where none is given."""


class EffectsForm(forms.Form):
    """What is done to a conversation. `effects` reads the form; `initial_of` fills it."""

    assign = forms.ChoiceField(required=False)
    priority = forms.ChoiceField(required=False)
    add_tags = forms.CharField(required=False, max_length=4000, strip=False)
    remove_tags = forms.CharField(required=False, max_length=4000, strip=False)
    note = forms.CharField(required=False, max_length=10_000, strip=False)
    open_ticket = forms.BooleanField(required=False)
    follow = forms.BooleanField(required=False)
    snooze = forms.CharField(required=False, max_length=40)
    snooze_count = forms.CharField(required=False, max_length=40)
    snooze_unit = forms.CharField(required=False, max_length=40)
    snooze_time = forms.CharField(required=False, max_length=40)
    status = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, others: Sequence[Effect] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.others = list(others)
        kept = ("", _("Leave as it is"))
        choices = {
            "assign": _assignees(),
            "priority": _priorities(),
            "status": [(value, str(name)) for value, name in STATUS_NAMES.items()],
        }
        for name, offered in choices.items():
            self.fields[name].choices = [kept, *offered]  # type: ignore[attr-defined]

    @property
    def snoozes(self) -> list[tuple[str, str]]:
        """What a snooze may last until; a moment that an effect has from elsewhere stays as it is."""
        days = [(name, capfirst(str(words))) for name, words in wording.DAY_NAMES.items()]
        offered = [
            ("", _("Leave as it is")),
            (until.REPLY, _("The customer replies")),
            (FOR, _("For some time …")),
            *((name, _("%(day)s at …") % {"day": words}) for name, words in days),
        ]
        given = str(self["snooze"].value() or "")
        if given in dict(offered):
            return offered
        return [*offered, (given, wording.moment_words(given))]

    @property
    def snooze_units(self) -> list[tuple[str, str]]:
        """The units of a length."""
        return [("m", _("minutes")), ("h", _("hours")), ("d", _("days")), ("w", _("weeks"))]

    def _snooze(self, given: Mapping[str, Any]) -> str:
        """The text of the moment, of its parts."""
        chosen = str(given.get("snooze") or "").strip()
        if chosen == FOR:
            text = f"{str(given.get('snooze_count') or '').strip()}{given.get('snooze_unit') or 'h'}"
            if not until.is_known(text):
                most = {"most": until.LONGEST}
                raise forms.ValidationError(_("Enter how long: a number from 1 to %(most)s.") % most)
            return text
        if chosen in wording.DAY_NAMES:
            text = f"{chosen} {str(given.get('snooze_time') or DAY_BEGINS).strip().removeprefix('0')}"
            if not until.is_known(text):
                raise forms.ValidationError(_("Enter a time, such as 9:00."))
            return text
        if chosen and not until.is_known(chosen):
            raise forms.ValidationError(_("Choose until when it is snoozed."))
        return chosen

    def clean_note(self) -> str:
        note = str(self.cleaned_data["note"]).replace("\r\n", "\n")
        if unknown := placeholders.unknown(note):
            raise forms.ValidationError(_("%(name)s is not a known placeholder.") % {"name": unknown})
        return note

    def clean_add_tags(self) -> list[str]:
        return self._tags("add_tags")

    def clean_remove_tags(self) -> list[str]:
        return self._tags("remove_tags")

    def _tags(self, name: str) -> list[str]:
        try:
            return tags.check(tags.parsed(str(self.cleaned_data[name])))
        except Invalid as error:
            raise forms.ValidationError(sentence(error)) from error

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        try:
            given["snooze"] = self._snooze(given)
        except forms.ValidationError as error:
            self.add_error("snooze", error)
        if given.get("snooze") and given.get("status") in ("resolved", "closed"):
            self.add_error("snooze", _("A resolved or closed conversation cannot be snoozed."))
        return given

    @property
    def effects(self) -> list[dict[str, Any]]:
        """The effects as JSON, once the form is valid."""
        given = self.cleaned_data
        values: dict[str, dict[str, Any]] = {
            "assign": {"to": given["assign"]},
            "priority": {"priority": given["priority"]},
            "add_tags": {"tags": given["add_tags"]},
            "remove_tags": {"tags": given["remove_tags"]},
            "note": {"text": given["note"] if given["note"].strip() else ""},
            "open_ticket": {"reason": given["open_ticket"]},
            "follow": {"is_chosen": given["follow"]},
            "snooze": {"until": given["snooze"]},
            "status": {"status": given["status"]},
        }
        chosen = [{"do": verb, **values[verb]} for verb in SHOWN if any(values[verb].values())]
        for one in chosen:
            if one["do"] == "open_ticket":
                one["reason"] = ""
            one.pop("is_chosen", None)
        return [*chosen, *({"do": other.verb, **other.values} for other in self.others)]


def initial_of(effects: Iterable[Effect]) -> tuple[dict[str, Any], list[Effect]]:
    """What the form begins from, and the effects that it cannot show."""
    initial: dict[str, Any] = {}
    others = []
    for effect in effects:
        if effect.verb not in SHOWN or effect.verb in initial:
            others.append(effect)
        else:
            initial[effect.verb] = _shown(effect.verb, effect.values)
    initial.update(_parts(initial.get("snooze", "")))
    return initial, others


def _parts(text: str) -> dict[str, str]:
    """The fields of a moment."""
    match until.parsed(text):
        case until.Length() as length:
            return {"snooze": FOR, "snooze_count": str(length.count), "snooze_unit": length.unit}
        case until.Day() as day:
            return {"snooze": day.day, "snooze_time": f"{day.at:%H:%M}"}
    return {"snooze": text} if text else {}


def _shown(verb: str, values: Mapping[str, Any]) -> Any:
    if verb in ("add_tags", "remove_tags"):
        return tags.line(values["tags"])
    if verb in ("open_ticket", "follow"):
        return True
    return next(iter(values.values()))


def _priorities() -> list[tuple[str, str]]:
    return [("low", _("Low")), ("normal", _("Normal")), ("high", _("High")), ("urgent", _("Urgent"))]


def _assignees() -> list[Any]:
    members = [(f"{MEMBER}:{user.pk}", str(user)) for user in people.assignable()]
    teams = [(f"{TEAM}:{team.pk}", str(team)) for team in people.teams()]
    fixed = [("me", _("The agent who uses the macro")), (NOBODY, _("Unassigned"))]
    return [*fixed, *([(_("Teams"), teams)] if teams else []), (_("Agents"), members)]
