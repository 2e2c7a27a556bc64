"""Values of custom attributes: what people type, as it is stored, and as it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from accounts.errors import Invalid
from accounts.text import is_blank
from tickets.models import Attribute, AttributeKind

LONGEST = 1000
"""Characters of a text, and of an address."""
_WHOLE = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d{1,20})?|\.\d{1,20})", re.ASCII)
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_KEY = re.compile(r"[^a-z0-9]+")


def key_of(name: str, taken: Iterable[str]) -> str:
    """A key for an attribute of this name that none of the others has."""
    taken = {*taken}
    base = _KEY.sub("_", name.lower()).strip("_")[:40].strip("_") or "attribute"
    if base[0].isdigit():
        base = f"a_{base}"
    found, number = base, 2
    while found in taken:
        found, number = f"{base}_{number}", number + 1
    return found


def line(text: str, field: str) -> str:
    """A name or a choice, in one line of at most 100 characters. Raises Invalid."""
    text = " ".join(text.split())
    if is_blank(text):
        raise Invalid(f"{field} must not be blank", field=field, code="blank")
    if len(text) > 100:
        raise Invalid(f"{field} has at most 100 characters", field=field, code="too_long")
    if not can_be_kept(text):
        raise Invalid(f"{field} contains characters that are not text", field=field, code="not_text")
    return text


def read(attribute: Attribute, value: Any) -> Any:
    """A value as it is stored; None where there is none. Takes what people type, and what is stored already.

    Raises Invalid with the attribute's key as the field.
    """
    if value is None or (isinstance(value, str) and is_blank(value)):
        return None
    if isinstance(value, str):
        value = value.strip()
        if not can_be_kept(value):
            raise _fault(attribute, "contains characters that are not text")
    return _READERS[attribute.kind](attribute, value)


def read_all(attributes: Iterable[Attribute], values: Mapping[str, Any]) -> dict[str, Any]:
    """Each of the values as it is stored, None for one that is to be taken away. Raises Invalid, also for an unknown key."""
    known = {one.key: one for one in attributes}
    if unknown := [key for key in values if key not in known]:
        raise Invalid("there is no such attribute", field=str(unknown[0])[:100], code="unknown_attribute")
    return {key: read(known[key], value) for key, value in values.items()}


def changed(before: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """All values after a change, and the keys whose value it changes; what has another type is another value."""
    after, keys = dict(before), []
    for key, value in wanted.items():
        old = before.get(key)
        if (type(old), old) != (type(value), value):
            keys.append(key)
            if value is None:
                after.pop(key, None)
            else:
                after[key] = value
    return after, sorted(keys)


def typed(attribute: Attribute, value: Any) -> str:
    """A stored value as a field of a form holds it."""
    if value is None:
        return ""
    if attribute.kind == AttributeKind.BOOLEAN:
        return "true" if value else "false"
    return str(value)


def can_be_kept(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _fault(attribute: Attribute, what: str) -> Invalid:
    return Invalid(f"{attribute.name} {what}", field=attribute.key, code="attribute_value")


def _text(attribute: Attribute, value: Any) -> str:
    if not isinstance(value, str):
        raise _fault(attribute, "must be a text")
    if len(value) > LONGEST:
        raise _fault(attribute, f"has at most {LONGEST} characters")
    return value


def _number(attribute: Attribute, value: Any) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _fault(attribute, "must be a whole number")
    if not -(2**63) <= value < 2**63:
        raise _fault(attribute, "is too large or too small a number")
    return value


def _decimal(attribute: Attribute, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and value.count(",") == 1 and "." not in value:
        value = value.replace(",", ".")
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise _fault(attribute, "must be a number, such as 12.50")
    try:
        number = Decimal(value)
    except InvalidOperation as error:  # pragma: no cover - the pattern leaves none
        raise _fault(attribute, "must be a number, such as 12.50") from error
    if not number:
        number = abs(number)
    return f"{number:f}"


def _choice(attribute: Attribute, value: Any) -> str:
    if value not in attribute.choices:
        raise _fault(attribute, "must be one of its choices")
    return str(value)


def _boolean(attribute: Attribute, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise _fault(attribute, "must be yes or no")


def _date(attribute: Attribute, value: Any) -> str:
    try:
        if not isinstance(value, str) or len(value) != 10:
            raise ValueError
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise _fault(attribute, "must be a date, such as 2026-03-31") from error


def _url(attribute: Attribute, value: Any) -> str:
    text = _text(attribute, value)
    try:
        parts = urlsplit(text)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)
    except ValueError:
        is_one = False
    if not is_one:
        raise _fault(attribute, "must be an address that begins with https:// or http://")
    return text


_READERS = {
    AttributeKind.TEXT.value: _text,
    AttributeKind.NUMBER.value: _number,
    AttributeKind.DECIMAL.value: _decimal,
    AttributeKind.CHOICE.value: _choice,
    AttributeKind.BOOLEAN.value: _boolean,
    AttributeKind.DATE.value: _date,
    AttributeKind.URL.value: _url,
}
