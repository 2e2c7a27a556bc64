"""What Discord sends, read: threads, messages and their authors. Whatever is missing or of another type is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from conversations.texts import validation

FORUM, MEDIA = 15, 16
TEXT, ANNOUNCEMENT = 0, 5
PUBLIC_THREAD, PRIVATE_THREAD, ANNOUNCEMENT_THREAD = 11, 12, 10
THREADS = {PUBLIC_THREAD, PRIVATE_THREAD, ANNOUNCEMENT_THREAD}
PARENTS = {TEXT: "text channel", ANNOUNCEMENT: "announcement channel", FORUM: "forum", MEDIA: "media channel"}
"""The channels that have threads, by their type."""
WRITTEN = {0, 19, 20, 23}
"""The types of messages that somebody wrote: plain ones, replies, and the two kinds of commands."""
THREAD_STARTER = 21
LARGEST_ID = 2**63 - 1
Raw = Mapping[str, Any]
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Unreadable(ValueError):
    """This is not what Discord documents."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a message."""

    id: int
    name: str
    avatar_url: str = ""
    is_program: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message, where it can be fetched for some hours."""

    name: str
    url: str
    size: int


@dataclass(frozen=True, slots=True)
class Post:
    """A message. `raw` has the rest, from which its text is made."""

    id: int
    channel_id: int
    author: Author
    type: int
    at: datetime
    edited_at: datetime | None
    content: str
    files: tuple[File, ...]
    raw: Raw = field(repr=False)

    @property
    def is_written(self) -> bool:
        """Whether a person wrote it: no bot, no webhook, and no notice of Discord itself."""
        return self.type in WRITTEN and not self.author.is_program


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread, or a post of a forum."""

    id: int
    parent_id: int
    owner_id: int | None
    name: str
    type: int
    tags: tuple[int, ...]
    is_archived: bool
    is_locked: bool
    last_message_id: int
    archived_at: datetime | None

    @property
    def is_private(self) -> bool:
        return self.type == PRIVATE_THREAD


def snowflake(value: object) -> int:
    """An id. Raises Unreadable."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LARGEST_ID:
        raise Unreadable("not an id")
    return value


def optional(value: object) -> int | None:
    """An id, or None for what is none."""
    try:
        return snowflake(value)
    except Unreadable:
        return None


def post(raw: object) -> Post:
    """A message. Raises Unreadable."""
    raw = mapping(raw)
    return Post(
        id=snowflake(raw.get("id")),
        channel_id=snowflake(raw.get("channel_id")),
        author=_author(raw),
        type=number(raw.get("type")),
        at=moment(raw.get("timestamp")) or datetime.now(UTC),
        edited_at=moment(raw.get("edited_timestamp")),
        content=text(raw.get("content")),
        files=tuple(_files(raw.get("attachments"))),
        raw=raw,
    )


def thread(raw: object) -> Thread:
    """A thread. Raises Unreadable for any other channel."""
    raw = mapping(raw)
    about = raw.get("thread_metadata")
    about = about if isinstance(about, Mapping) else {}
    type_ = number(raw.get("type"))
    if type_ not in THREADS:
        raise Unreadable("not a thread")
    return Thread(
        id=snowflake(raw.get("id")),
        parent_id=snowflake(raw.get("parent_id")),
        owner_id=optional(raw.get("owner_id")),
        name=text(raw.get("name"))[:400],
        type=type_,
        tags=tuple(found for one in listed(raw.get("applied_tags")) if (found := optional(one)) is not None),
        is_archived=bool(about.get("archived")),
        is_locked=bool(about.get("locked")),
        last_message_id=optional(raw.get("last_message_id")) or 0,
        archived_at=moment(about.get("archive_timestamp")),
    )


def channel(raw: Raw) -> dict[str, Any]:
    """A channel as a bot keeps it. Raises Unreadable."""
    tags = [one for one in listed(raw.get("available_tags")) if isinstance(one, Mapping)]
    return {
        "id": str(snowflake(raw.get("id"))),
        "name": text(raw.get("name"))[:100],
        "type": number(raw.get("type")),
        "tags": [
            {"id": str(found), "name": text(one.get("name"))[:100]}
            for one in tags
            if (found := optional(one.get("id"))) is not None
        ],
    }


def display_name(user: Raw, member: object = None) -> str:
    """How Discord shows a person: by their name on this server, else their own."""
    nick = member.get("nick") if isinstance(member, Mapping) else None
    for value in (nick, user.get("global_name"), user.get("username")):
        if isinstance(value, str) and (found := " ".join(text(value).split())):
            return found[:400]
    return ""


def text(value: object) -> str:
    """A text that PostgreSQL can keep, without control characters; nothing for anything else."""
    if not isinstance(value, str):
        return ""
    value = _CONTROLS.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    if validation.can_be_kept(value):
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def number(value: object) -> int:
    """A small number; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31 else 0


def moment(value: object) -> datetime | None:
    """A moment; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return found.astimezone(UTC) if 2000 <= found.year <= 9000 else None
    except ValueError:
        return None


def listed(value: object) -> list[Any]:
    """A list; an empty one for anything else."""
    return value if isinstance(value, list) else []


def mapping(value: object) -> Raw:
    """An object. Raises Unreadable."""
    if not isinstance(value, Mapping):
        raise Unreadable("not an object")
    return value


def _author(raw: Raw) -> Author:
    user = mapping(raw.get("author"))
    id_, avatar = snowflake(user.get("id")), user.get("avatar")
    picture = isinstance(avatar, str) and avatar.isascii() and avatar.replace("_", "").isalnum() and len(avatar) < 80
    return Author(
        id=id_,
        name=display_name(user, raw.get("member")),
        avatar_url=f"https://cdn.discordapp.com/avatars/{id_}/{avatar}.png?size=128" if picture else "",
        is_program=bool(user.get("bot")) or bool(user.get("system")) or bool(raw.get("webhook_id")),
    )


def _files(value: object) -> list[File]:
    found = []
    for one in listed(value):
        if isinstance(one, Mapping) and isinstance(one.get("url"), str):
            size = one.get("size")
            name = text(one.get("filename")) or "file"
            found.append(File(name[-255:], one["url"], size if isinstance(size, int) and size > 0 else 0))
    return found
