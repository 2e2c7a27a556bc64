"""Effects in words, as a macro's list of actions and the report of a bulk change show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import Membership, Team
from conversations.actions.lifecycle import STATUS_NAMES
from conversations.effects import until
from conversations.effects.vocabulary import ME, MEMBER, NOBODY, REPLY, Effect

Values = Mapping[str, Any]
Names = Mapping[tuple[str, int], str]


def described(effects: Iterable[Effect]) -> list[str]:
    """Each effect as one phrase, with the names of those to whom it assigns: two queries at most."""
    effects = list(effects)
    names = names_of(effects)
    return [phrase(effect, names) for effect in effects]


def described_each(lists: Sequence[Sequence[Effect]]) -> list[list[str]]:
    """As `described` for each of several lists, in two queries at most."""
    names = names_of([effect for effects in lists for effect in effects])
    return [[phrase(effect, names) for effect in effects] for effects in lists]


def names_of(effects: Iterable[Effect]) -> Names:
    """The names of the members and teams that the effects name, as far as those still exist."""
    wanted = {effect.reference for effect in effects if effect.reference is not None}
    members = [pk for kind, pk in wanted if kind == MEMBER]
    teams = [pk for kind, pk in wanted if kind != MEMBER]
    found: dict[tuple[str, int], str] = {}
    if members:
        for row in Membership.objects.select_related("user").filter(user__in=members):
            found[MEMBER, row.user_id] = row.user.name or row.user.email
    if teams:
        found |= {("team", row.pk): row.name for row in Team.objects.filter(pk__in=teams)}
    return found


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
    return _("Assign to %(name)s") % {"name": names.get(effect.reference, gone) if effect.reference else gone}


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
    if given == REPLY:
        return _("Snooze until they reply")
    if given[:1].isdigit() and "-" not in given:
        return _("Snooze for %(time)s") % {"time": given}
    moment = until.found(given, localtime()) if "-" in given else None
    return _("Snooze until %(time)s") % {"time": date_format(localtime(moment), "j M Y H:i") if moment else given}


def _quoted(words: Callable[[], str]) -> Callable[[Effect, Names], str]:
    return lambda effect, names: words() % {"text": Truncator(" ".join(effect.values["text"].split())).chars(80)}


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
    "follow": lambda effect, names: _("Follow"),
    "unfollow": lambda effect, names: _("Unfollow"),
    "unread": lambda effect, names: _("Mark as unread"),
    "read": lambda effect, names: _("Mark as read"),
    "spam": lambda effect, names: _("Mark as spam"),
    "not_spam": lambda effect, names: _("Mark as not spam"),
}
