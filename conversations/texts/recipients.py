"""Recipients as people write them: `ada@x.example, "Lee, Bob" <bob@y.example>`. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

MOST = 50
"""Addresses of one field."""
LONGEST = 10_000
"""Characters of one field."""
LONGEST_ADDRESS = 254
_SHOWN = 80


def people(text: str) -> dict[str, str]:
    """The addresses of a line, in lower case and each once, with the names beside them ("" where none is).

    Raises ValueError with a sentence that names the wrong one.
    """
    if len(text) > LONGEST:
        raise ValueError("These are too many recipients.")
    found: dict[str, str] = {}
    for entry in _entries(text):
        name, address = _read(entry)
        found.setdefault(address, name)
    if len(found) > MOST:
        raise ValueError(f"A field takes up to {MOST} addresses.")
    return found


def parse(text: str) -> list[str]:
    """The addresses alone, as in `people`."""
    return list(people(text))


def person(name: str, address: str) -> str:
    """A person as a field takes them: the name in quotes where it could be taken for more than one."""
    name = " ".join(name.replace('"', " ").split())
    if not name or name == address:
        return address
    return f'"{name}" <{address}>' if any(char in name for char in ",;<>@") else f"{name} <{address}>"


def line(addresses: Iterable[str]) -> str:
    """Addresses as a field shows them."""
    return ", ".join(addresses)


def merged(standing: Iterable[str], seen: Iterable[str], chosen: Iterable[str]) -> list[str]:
    """A standing list after somebody who saw it as `seen` has made it `chosen`: who was added meanwhile stays on it."""
    seen = list(seen)
    since = [one for one in standing if one not in seen]
    return list(dict.fromkeys([*chosen, *since]))


def _entries(text: str) -> Iterator[str]:
    """What is between commas, semicolons and line breaks, but for those in quotes and brackets."""
    entry, closing = "", ""
    for char in text:
        if closing:
            closing = "" if char == closing else closing
        elif char in ",;\n\r":
            if entry.strip():
                yield entry.strip()
            entry = ""
            continue
        else:
            closing = {'"': '"', "<": ">"}.get(char, "")
        entry += char
    if entry.strip():
        yield entry.strip()


def _read(entry: str) -> tuple[str, str]:
    """The name and the address of an entry."""
    name, bracket, rest = entry.rpartition("<")
    address = rest.removesuffix(">").strip() if bracket and rest.endswith(">") else entry
    address = address.removeprefix("mailto:").lower()
    try:
        if len(address) > LONGEST_ADDRESS:
            raise ValidationError("too long")
        validate_email(address)
    except ValidationError as error:
        shown = entry if len(entry) <= _SHOWN else f"{entry[:_SHOWN]}…"
        raise ValueError(f"“{shown}” is not an email address.") from error
    return (name.strip().strip('"').strip() if bracket else ""), address
