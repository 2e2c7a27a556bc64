"""The effects that there are, and reading them from JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from accounts import queries as people
from accounts.errors import Invalid
from accounts.text import is_blank
from conversations.effects import until
from conversations.models import Status
from conversations.texts import validation
from tickets import attributes, tags
from tickets.models import AttributeSubject
from tickets.queries import attributes_of

MOST = 20
"""How many effects one list may have."""
LONGEST_TEXT = 10_000
LONGEST_PRIORITY = 32
LONGEST_KEY = 64
MEMBER, TEAM = "member", "team"
ME, NOBODY = "me", "nobody"
TRASH = "trash"
"""It stands alone: nothing else can be done to what is in the Trash."""
_MOST_ID = 2**63 - 1

Reader = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that is done: its verb and its values, which are those of its JSON."""

    verb: str
    values: Mapping[str, Any]

    @property
    def reference(self) -> tuple[str, int] | None:
        """The member or the team to whom it assigns, as `("member", 12)`."""
        kind, _, pk = str(self.values.get("to", "")).partition(":")
        return (kind, int(pk)) if pk else None


# --- Reading values -----------------------------------------------------------------------------


def _text(longest: int, *, may_be_blank: bool = False) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise Invalid("must be a text")
        if not may_be_blank and is_blank(value):
            raise Invalid("must not be blank")
        return validation.check(value.replace("\r\n", "\n"), "", longest=longest, blank=may_be_blank)

    return read


def _one_of(*known: str) -> Reader:
    def read(value: Any) -> str:
        if value not in known:
            raise Invalid(f"must be one of {', '.join(known)}")
        return str(value)

    return read


def _assignee(value: Any) -> str:
    if value in (ME, NOBODY):
        return str(value)
    kind, _, pk = value.partition(":") if isinstance(value, str) else ("", "", "")
    if kind not in (MEMBER, TEAM) or not (pk.isascii() and pk.isdigit()) or not 0 < int(pk[:20]) <= _MOST_ID:
        raise Invalid("must be me, nobody, member:ID or team:ID")
    return f"{kind}:{int(pk)}"


def _tags(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise Invalid("must be a list of tags")
    names = tags.check(tags.unique(name.strip() for name in value if not is_blank(name)))
    return [validation.check(name, "", longest=tags.MAX_LENGTH) for name in names]


def _some_tags(value: Any) -> list[str]:
    if not (names := _tags(value)):
        raise Invalid("must name a tag")
    return names


def _until(value: Any) -> str:
    if not isinstance(value, str) or not until.is_known(value):
        raise Invalid("must be such as 2h, 3d, tomorrow 9:00, monday 9:00, reply or a moment with its offset from UTC")
    return value.strip()


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
        raise Invalid("must be a number")
    return value


def _value(value: Any) -> Any:
    if value is not None and not isinstance(value, (bool, int, str)):
        raise Invalid("must be a text, a number, true, false or null")
    return _text(LONGEST_TEXT, may_be_blank=True)(value) if isinstance(value, str) else value


KINDS: dict[str, dict[str, Reader]] = {
    "assign": {"to": _assignee},
    "status": {"status": _one_of(*Status.values)},
    "priority": {"priority": _text(LONGEST_PRIORITY)},
    "add_tags": {"tags": _some_tags},
    "remove_tags": {"tags": _some_tags},
    "set_tags": {"tags": _tags},
    "snooze": {"until": _until},
    "unsnooze": {},
    "note": {"text": _text(LONGEST_TEXT)},
    "reply": {"text": _text(LONGEST_TEXT)},
    "open_ticket": {"reason": _text(2000, may_be_blank=True)},
    "link_ticket": {"ticket": _number},
    "unlink_ticket": {},
    "attribute": {"key": _text(LONGEST_KEY), "value": _value},
    "follow": {},
    "unfollow": {},
    "read": {},
    "unread": {},
    "spam": {},
    "not_spam": {},
    "trash": {},
}
"""The values of each effect, with what reads them."""
OPTIONAL: dict[tuple[str, str], Any] = {("open_ticket", "reason"): ""}


# --- Lists of effects ---------------------------------------------------------------------------


def read(given: Any) -> tuple[Effect, ...]:
    """The effects of stored JSON, whatever has become of the members and teams that they name. Raises Invalid as `parse` does."""
    if not isinstance(given, list):
        raise Invalid("effects must be a list", field="effects")
    if len(given) > MOST:
        raise Invalid(f"at most {MOST} effects", field="effects")
    effects = tuple(_effect(one, f"effects[{position}]") for position, one in enumerate(given))
    if len(effects) > 1 and any(effect.verb == TRASH for effect in effects):
        raise Invalid("trash stands alone", field="effects")
    return effects


def parse(given: Any) -> tuple[Effect, ...]:
    """The effects of JSON that somebody has written, in the open workspace scope.

    Raises Invalid with the path of the value at fault as its field, such as `effects[2].to`.
    """
    effects = read(given)
    wanted = {effect.reference for effect in effects if effect.reference is not None}
    members = {pk for kind, pk in wanted if kind == MEMBER}
    teams = {pk for kind, pk in wanted if kind == TEAM}
    known = {(MEMBER, pk) for pk in people.assignable().filter(pk__in=members).values_list("pk", flat=True)}
    known |= {(TEAM, pk) for pk in people.teams().filter(pk__in=teams).values_list("pk", flat=True)}
    for position, effect in enumerate(effects):
        if effect.reference is not None and effect.reference not in known:
            is_team = effect.reference[0] == TEAM
            what = "there is no such team" if is_team else "conversations can't be assigned to this person"
            raise Invalid(what, field=f"effects[{position}].to")
    _check_attributes(effects)
    return effects


def _check_attributes(effects: Iterable[Effect]) -> None:
    """Raises Invalid for an attribute that there is not, or a value that it does not take."""
    wanted = [(position, effect.values) for position, effect in enumerate(effects) if effect.verb == "attribute"]
    known = list(attributes_of(AttributeSubject.CONVERSATION)) if wanted else []
    for position, values in wanted:
        try:
            attributes.read_all(known, {values["key"]: values["value"]})
        except Invalid as error:
            name = "key" if error.code == "unknown_attribute" else "value"
            raise Invalid(error.message, field=f"effects[{position}].{name}", code=error.code) from error


def as_json(effects: Iterable[Effect]) -> list[dict[str, Any]]:
    """The effects as they are stored: what `parse` reads."""
    return [{"do": effect.verb, **effect.values} for effect in effects]


def _effect(given: Any, path: str) -> Effect:
    if not isinstance(given, dict):
        raise Invalid(f"{path} must be an object", field=path)
    verb = given.get("do")
    if not isinstance(verb, str) or verb not in KINDS:
        raise Invalid(f"{path}.do must be one of {', '.join(KINDS)}", field=f"{path}.do")
    readers = KINDS[verb]
    if unknown := sorted(str(name) for name in given.keys() - {"do", *readers}):
        raise Invalid(f"{path} takes no {unknown[0]}", field=path)
    values: dict[str, Any] = {}
    for name, reader in readers.items():
        value = given.get(name, OPTIONAL.get((verb, name)))
        try:
            values[name] = reader(value)
        except Invalid as error:
            raise Invalid(f"{path}.{name} {error.message.strip()}", field=f"{path}.{name}", code=error.code) from error
    return Effect(verb, values)
