"""The text of a message as an agent reads it: ids become names, and what is no text is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from conversations.channels.discord.payloads import Post, Raw, display_name, listed, text

Names = Callable[[str, int], str]
"""The name of a channel ("#"), a role ("@&") or a person ("@") by its id; empty where it is not known."""
LONGEST_QUOTE = 200
_MARK = re.compile(
    r"<(?P<kind>@!?|@&|#)(?P<id>\d{1,20})>"
    r"|<a?:(?P<emoji>\w{2,32}):\d{1,20}>"
    r"|<t:(?P<moment>-?\d{1,13})(?::(?P<style>[tTdDfFRsS]))?>"
    r"|</(?P<command>[^:<>\n]{1,100}):\d{1,20}>"
    r"|<id:(?P<page>customize|browse|guide|linked-roles)(?::\d+)?>"
)
_CODE = re.compile(r"(```.*?```|``[^`]*``|`[^`\n]*`)", re.DOTALL)
EMPTY = "*(A message without text.)*"


def readable(post: Post, names: Names = lambda kind, id: "") -> str:
    """The whole text of a message; never empty unless it has files."""
    parts = [_quoted(post, names), _plain(post.content, post.raw, names), *_forwarded(post.raw, names)]
    parts += [*_embeds(post.raw, post.content, names), *_stickers(post.raw), *_poll(post.raw)]
    found = "\n\n".join(part for part in parts if part.strip())
    return found or ("" if post.files else EMPTY)


def line(value: str, longest: int = LONGEST_QUOTE) -> str:
    """A text in one line, cut."""
    value = " ".join(value.split())
    return value if len(value) <= longest else value[: longest - 1].rstrip() + "…"


def _plain(content: str, raw: Raw, names: Names) -> str:
    """The text with names for ids, outside code."""
    people = _people(raw)
    pieces = _CODE.split(content)
    return "".join(
        piece if position % 2 else _MARK.sub(lambda found: _named(found, people, names), piece)
        for position, piece in enumerate(pieces)
    ).strip()


def _named(found: re.Match[str], people: Mapping[str, str], names: Names) -> str:
    if (kind := found["kind"]) is not None:
        if kind == "#":
            return "#" + (names("#", _id(found["id"])) or "channel")
        if kind == "@&":
            return "@" + (names("@&", _id(found["id"])).removeprefix("@") or "role")  # one is called @everyone
        return "@" + (people.get(found["id"]) or names("@", _id(found["id"])) or "someone")
    if found["emoji"] is not None:
        return f":{found['emoji']}:"
    if found["moment"] is not None:
        return _moment(found["moment"], found["style"] or "f")
    if found["command"] is not None:
        return f"/{found['command']}"
    return f"#{found['page']}"


def _moment(seconds: str, style: str) -> str:
    try:
        moment = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return seconds
    shown = {"t": "%H:%M UTC", "T": "%H:%M:%S UTC", "d": "%Y-%m-%d", "D": "%Y-%m-%d"}
    return moment.strftime(shown.get(style, "%Y-%m-%d %H:%M UTC"))


def _people(raw: Raw) -> dict[str, str]:
    found = {}
    for one in listed(raw.get("mentions")):
        if isinstance(one, Mapping) and isinstance(one.get("id"), str):
            found[one["id"]] = display_name(one, one.get("member"))
    return found


def _id(value: str) -> int:
    return int(value)


def _quoted(post: Post, names: Names) -> str:
    """What a reply answers, in a line."""
    other = post.raw.get("referenced_message")
    if post.type != 19 or not isinstance(other, Mapping):
        return ""
    author = other.get("author")
    who = display_name(author) if isinstance(author, Mapping) else ""
    return f"> {who + ': ' if who else ''}{line(_plain(text(other.get('content')), other, names)) or '(a file)'}"


def _forwarded(raw: Raw, names: Names) -> list[str]:
    found = []
    for one in listed(raw.get("message_snapshots")):
        message = one.get("message") if isinstance(one, Mapping) else None
        if isinstance(message, Mapping):
            content = _plain(text(message.get("content")), message, names)
            files = [
                text(file.get("filename")) for file in listed(message.get("attachments")) if isinstance(file, Mapping)
            ]
            found.append("Forwarded:\n" + _quote("\n".join([content, *files]).strip()))
    return found


def _embeds(raw: Raw, content: str, names: Names) -> list[str]:
    """Cards that say something; the previews of links in the text say nothing new."""
    found = []
    for one in listed(raw.get("embeds")):
        if not isinstance(one, Mapping):
            continue
        url = text(one.get("url"))
        if one.get("type", "rich") != "rich":
            if url and url not in content:
                found.append(url)
            continue
        fields = [one for one in listed(one.get("fields")) if isinstance(one, Mapping)]
        lines = [f"**{text(one.get('title'))}**" if one.get("title") else "", text(one.get("description"))]
        lines += [f"{text(part.get('name'))}: {text(part.get('value'))}" for part in fields]
        lines.append(url)
        if shown := _plain("\n".join(part for part in lines if part), raw, names):
            found.append(_quote(shown))
    return found


def _stickers(raw: Raw) -> list[str]:
    return [
        f"(Sticker: {text(one.get('name'))})" for one in listed(raw.get("sticker_items")) if isinstance(one, Mapping)
    ]


def _poll(raw: Raw) -> list[str]:
    poll = raw.get("poll")
    if not isinstance(poll, Mapping):
        return []
    asked = poll.get("question")
    answers = [one.get("poll_media") for one in listed(poll.get("answers")) if isinstance(one, Mapping)]
    lines = [f"- {text(one.get('text'))}" for one in answers if isinstance(one, Mapping)]
    return ["\n".join([f"Poll: {text(asked.get('text')) if isinstance(asked, Mapping) else ''}", *lines])]


def _quote(value: str) -> str:
    return "\n".join(f"> {part}" for part in value.splitlines())
