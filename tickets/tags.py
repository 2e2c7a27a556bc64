"""The workspace's tags: rows hold their texts verbatim, the catalogue gives each a colour. They are compared without case."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from accounts.errors import Invalid
from accounts.text import is_blank
from tickets.models import Tag

MAX_LENGTH = 100
MAX_TAGS = 100
# One tag of a line: in quotes, which are doubled inside, or up to the next comma.
_TAG = re.compile(r'\s*(?:"((?:[^"]|"")*)"\s*(?=,|$)|([^,]*))(?:,|$)')


def key(name: str) -> str:
    """The key by which tags are compared."""
    return unicodedata.normalize("NFC", name.strip().casefold())


def hue(name: str) -> int:
    """A tag's colour until someone chooses another: the same text has the same colour everywhere."""
    return zlib.crc32(name.strip().lower().encode()) % 36 * 10


def unique(names: Iterable[str]) -> list[str]:
    """The tags in the order given, each once, in its first spelling."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(key(name), name)
    return list(found.values())


def replaced(names: Iterable[str], name: str, by_name: str | None) -> list[str]:
    """The tags with another one in the place of `name`, in whatever case it is, or without it."""
    found = ((by_name if key(one) == key(name) else one) for one in names)
    return unique(one for one in found if one is not None)


def normal(names: Iterable[str]) -> list[str]:
    """A ticket's tags: trimmed, lower-cased, each once, in the order given."""
    return unique(name.strip().lower() for name in names if not is_blank(name))


def check(names: Iterable[str]) -> list[str]:
    """The tags as they will be stored. Raises Invalid for a tag over 100 characters or more than 100 tags."""
    result = list(names)
    if len(result) > MAX_TAGS:
        raise Invalid(f"at most {MAX_TAGS} tags", field="tags")
    if any(len(name) > MAX_LENGTH for name in result):
        raise Invalid(f"a tag has at most {MAX_LENGTH} characters", field="tags")
    return result


def remember(workspace_id: int, names: Iterable[str], at: datetime) -> None:
    """Put new tags into the catalogue, in one order for all. Called by the verbs that set tags."""
    rows = [
        Tag(workspace_id=workspace_id, name=name, hue=hue(name), created_at=at)
        for name in sorted(unique(names), key=key)
        if name
    ]
    if rows:
        Tag.objects.bulk_create(rows, ignore_conflicts=True)


# --- In a form ----------------------------------------------------------------------------------


def line(names: Iterable[str]) -> str:
    """Tags as a form shows them, separated by commas: those in quotes that `parsed` would else read otherwise."""
    return ", ".join(name if _is_plain(name) else '"' + name.replace('"', '""') + '"' for name in unique(names) if name)


def parsed(text: str, current: Sequence[str] = ()) -> list[str]:
    """The tags that a form's line names, each once. A line that shows the `current` tags leaves them as they are."""
    found = unique(name for name in _read(text) if name)
    return list(current) if found == unique(name for name in current if name) else found


def _read(text: str) -> Iterable[str]:
    for quoted, plain in _TAG.findall(text):
        yield quoted.replace('""', '"') if quoted else "" if is_blank(plain) else plain.strip()


def _is_plain(name: str) -> bool:
    return [*_read(name)][:1] == [name] and "," not in name and not name.startswith('"')
