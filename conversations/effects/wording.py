"""Effects in words, as a macro's list of actions and the report of a bulk change show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, time_format
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from accounts.models import Membership, Team
from conversations.actions.lifecycle import STATUS_NAMES
from conversations.effects import until
from conversations.effects.vocabulary import ME, MEMBER, NOBODY, Effect
from conversations.models import UNTIL_REPLY
from tickets.models import Attribute, AttributeSubject
from tickets.queries import attributes_of

Values = Mapping[str, Any]

DAY_NAMES: dict[str, Promise | str] = {
    "today": pgettext_lazy("until …", "today"),
    "tomorrow": pgettext_lazy("until …", "tomorrow"),
    **{name: WEEKDAYS[index] for index, name in enumerate(until.DAYS)},
}
"""What people read for the days that a snooze may end on."""


@dataclass(frozen=True, slots=True)
class Names:
    """What effects name, as far as it still exists: members and teams, and custom attributes."""

    people: Mapping[tuple[str, int], str]
    attributes: Sequence[Attribute]


def described(effects: Iterable[Effect]) -> list[str]:
    """Each effect as one phrase, with the names of what it names: three queries at most."""
    effects = list(effects)
    names = names_of(effects)
    return [phrase(effect, names) for effect in effects]


def described_each(lists: Sequence[Sequence[Effect]]) -> list[list[str]]:
    """As `described` for each of several lists, in three queries at most."""
    names = names_of([effect for effects in lists for effect in effects])
    return [[phrase(effect, names) for effect in effects] for effects in lists]


def names_of(effects: Iterable[Effect]) -> Names:
    """The names of what the effects name."""
    effects = list(effects)
    wanted = {effect.reference for effect in effects if effect.reference is not None}
    members = [pk for kind, pk in wanted if kind == MEMBER]
    teams = [pk for kind, pk in wanted if kind != MEMBER]
    found: dict[tuple[str, int], str] = {}
    if members:
        for row in Membership.objects.select_related("user").filter(user__in=members):
            found[MEMBER, row.user_id] = row.user.name or row.user.email
    if teams:
        found |= {("team", row.pk): row.name for row in Team.objects.filter(pk__in=teams)}
    has_attributes = any(effect.verb == "attribute" for effect in effects)
    return Names(found, list(attributes_of(AttributeSubject.CONVERSATION)) if has_attributes else [])


def phrase(effect: Effect, names: Names) -> str:
    """One effect in words."""
    return _PHRASES[effect.verb](effect, names)


def _assign(effect: Effect, names: Names) -> str:
    to = effect.values["to"]
    if to == NOBODY:
        return _("Unassign")
    if to == ME:
        return _("Assign to me")
    gone = _("a former member") if effect.reference and effect.reference[0] == MEMBER else _("a deleted team")
    return _("Assign to %(name)s") % {"name": names.people.get(effect.reference, gone) if effect.reference else gone}


def _status(effect: Effect, names: Names) -> str:
    words = {"open": _("Reopen"), "resolved": _("Resolve"), "closed": _("Close")}
    status = effect.values["status"]
    return words.get(status) or _("Set to %(status)s") % {"status": STATUS_NAMES[status]}


def _tags(words: Callable[[], str], blank: Callable[[], str] | None = None) -> Callable[[Effect, Names], str]:
    def tags(effect: Effect, names: Names) -> str:
        if not effect.values["tags"] and blank is not None:
            return blank()
        return words() % {"tags": ", ".join(effect.values["tags"])}

    return tags


def _snooze(effect: Effect, names: Names) -> str:
    given = effect.values["until"]
    moment = until.found(given, localtime())
    if moment == UNTIL_REPLY:
        return _("Snooze until they reply")
    match until.parsed(given):
        case until.Length() as length:
            return _("Snooze for %(time)s") % {"time": length_words(length)}
        case until.Day() as day:
            words = {"day": str(DAY_NAMES[day.day]), "time": time_format(day.at, "H:i")}
            return _("Snooze until %(day)s %(time)s") % words
    return _("Snooze until %(time)s") % {"time": moment_words(given)}


def moment_words(text: str) -> str:
    """A moment itself, in the current time zone; another text as it is."""
    moment = until.found(text, localtime()) if "-" in text else None
    return date_format(localtime(moment), "j M Y H:i") if moment else text


def length_words(length: until.Length) -> str:
    """How long, in words."""
    count = length.count
    words = {
        "m": ngettext("%(num)s minute", "%(num)s minutes", count),
        "h": ngettext("%(num)s hour", "%(num)s hours", count),
        "d": ngettext("%(num)s day", "%(num)s days", count),
        "w": ngettext("%(num)s week", "%(num)s weeks", count),
    }
    return words[length.unit] % {"num": count}


def _quoted(words: Callable[[], str]) -> Callable[[Effect, Names], str]:
    return lambda effect, names: words() % {"text": Truncator(" ".join(effect.values["text"].split())).chars(80)}


def _attribute(effect: Effect, names: Names) -> str:
    key, value = effect.values["key"], effect.values["value"]
    name = next((one.name for one in names.attributes if one.key == key), key)
    if value is None or value == "":
        return _("Clear %(name)s") % {"name": name}
    shown = {True: _("Yes"), False: _("No")}[value] if isinstance(value, bool) else Truncator(str(value)).chars(80)
    return _("Set %(name)s to %(value)s") % {"name": name, "value": shown}


_PHRASES: Mapping[str, Callable[[Effect, Names], str]] = {
    "assign": _assign,
    "status": _status,
    "priority": lambda effect, names: _("Set priority to %(priority)s") % effect.values,
    "add_tags": _tags(lambda: _("Add tags: %(tags)s")),
    "remove_tags": _tags(lambda: _("Remove tags: %(tags)s")),
    "set_tags": _tags(lambda: _("Set tags to: %(tags)s"), lambda: _("Remove all tags")),
    "snooze": _snooze,
    "unsnooze": lambda effect, names: _("Unsnooze"),
    "note": _quoted(lambda: _("Add the note “%(text)s”")),
    "reply": _quoted(lambda: _("Insert the text “%(text)s”")),
    "open_ticket": lambda effect, names: _("Open a ticket"),
    "link_ticket": lambda effect, names: _("Link to ticket %(ticket)s") % effect.values,
    "unlink_ticket": lambda effect, names: _("Unlink from the ticket"),
    "attribute": _attribute,
    "follow": lambda effect, names: _("Follow"),
    "unfollow": lambda effect, names: _("Unfollow"),
    "read": lambda effect, names: _("Mark as read"),
    "unread": lambda effect, names: _("Mark as unread"),
    "spam": lambda effect, names: _("Mark as spam"),
    "not_spam": lambda effect, names: _("Mark as not spam"),
    "trash": lambda effect, names: _("Move to Trash"),
}
