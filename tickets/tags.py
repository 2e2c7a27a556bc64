"""The workspace's labels: rows hold label texts verbatim, the catalogue gives each a colour."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from datetime import datetime

from accounts.errors import Invalid
from tickets.models import Tag

MAX_LENGTH = 100
MAX_TAGS = 100


def hue(name: str) -> int:
    """A label's colour until someone chooses another: the same text has the same colour everywhere."""
    return zlib.crc32(name.strip().lower().encode()) % 36 * 10


def normal(names: Iterable[str]) -> list[str]:
    """A ticket's labels: trimmed, lower-cased, each once, in the order given."""
    return list(dict.fromkeys(cleaned for name in names if (cleaned := name.strip().lower())))


def check(names: Iterable[str]) -> list[str]:
    """The labels as they will be stored. Raises Invalid for a label over 100 characters or more than 100 labels."""
    result = list(names)
    if len(result) > MAX_TAGS:
        raise Invalid(f"at most {MAX_TAGS} tags", field="tags")
    if any(len(name) > MAX_LENGTH for name in result):
        raise Invalid(f"a tag has at most {MAX_LENGTH} characters", field="tags")
    return result


def remember(workspace_id: int, names: Iterable[str], at: datetime) -> None:
    """Put new labels into the catalogue. Called by the verbs that set labels."""
    rows = [
        Tag(workspace_id=workspace_id, name=name, hue=hue(name), created_at=at) for name in sorted({*names}) if name
    ]
    if rows:
        Tag.all_workspaces.bulk_create(rows, ignore_conflicts=True)  # the rows name their workspace
