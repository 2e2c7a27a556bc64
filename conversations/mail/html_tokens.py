"""HTML of mails as tags and texts, in one pass whatever it holds. It decides nothing about safety: nh3 has the last word."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from conversations.mail import limits

_MARK = re.compile(r"<(?=[a-zA-Z/!?])")
_ANY_TAG = re.compile(r"<[^<>]*>")
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,40})")
_ATTRIBUTE = re.compile(r"""[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>]*))?""")
_SPACE = re.compile(r"[\s/]*")
_MOST_ATTRIBUTES = 60
_LONGEST_VALUE = 8_000
RAW = frozenset(["script", "style", "title", "xmp", "iframe", "noembed", "noframes", "noscript"])
"""What is in these is no text of the mail."""
DROPPED = RAW | {"template", "object", "embed", "applet", "svg", "math", "select", "audio", "video"}
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"])


@dataclass(frozen=True, slots=True)
class Open:
    """A tag that opens an element. Names are in lower case."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Close:
    """A tag that closes an element."""

    name: str


Token = Open | Close | str


def tokens(text: str, most: int = limits.HTML_TAGS) -> Iterator[Token]:
    """The tags and texts, decoded, without comments and without what is never shown (scripts, styles, objects).

    After `most` tags the rest comes as one text, its tags taken out.
    """
    position = read = 0
    unclosed: set[str] = set()
    while (mark := _MARK.search(text, position)) is not None and read < most:
        start = mark.start()
        if start > position:
            yield unescaped(text[position:start])
        read += 1
        tag = _TAG.match(text, start)
        if tag is None:
            position = _after_comment(text, start)
        elif tag[1]:
            end = text.find(">", tag.end())
            position = end + 1 if end >= 0 else len(text)
            yield Close(tag[2].lower())
        else:
            name = tag[2].lower()
            attributes, position = _attributes(text, tag.end())
            if name not in DROPPED:
                yield Open(name, attributes)
            elif name not in unclosed and name not in VOID:
                end_tag = _end_of(name).search(text, position)
                if end_tag is None:
                    unclosed.add(name)  # looked for once
                else:
                    position = end_tag.end()
    if position < len(text):
        rest = text[position:]
        yield unescaped(rest if read < most else _ANY_TAG.sub(" ", rest))


def unescaped(text: str) -> str:
    """The text with its character references decoded."""
    if "&" not in text:
        return text
    try:
        return html.unescape(text)
    except ValueError:  # a reference with thousands of digits
        return text


def _after_comment(text: str, start: int) -> int:
    """Where to go on after a comment, or after anything else that is no tag."""
    if text.startswith("<!--", start):
        for empty in ("<!-->", "<!--->"):
            if text.startswith(empty, start):
                return start + len(empty)
        end = text.find("-->", start + 4)
        return end + 3 if end >= 0 else len(text)
    end = text.find(">", start)
    return end + 1 if end >= 0 else len(text)


def _attributes(text: str, position: int) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    for _ in range(_MOST_ATTRIBUTES):
        space = _SPACE.match(text, position)
        position = space.end() if space else position
        if position >= len(text) or text[position] == ">":
            return found, min(position + 1, len(text))
        one = _ATTRIBUTE.match(text, position)
        if one is None:
            position += 1
            continue
        position = one.end()
        value = one[2] or ""
        if value[:1] in ('"', "'") and value[-1:] == value[:1] and len(value) > 1:
            value = value[1:-1]
        found.setdefault(one[1][:40].lower(), unescaped(value[:_LONGEST_VALUE]))
    end = text.find(">", position)
    return found, end + 1 if end >= 0 else len(text)


def _end_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}(?![a-zA-Z])[^>]*>?", re.IGNORECASE | re.ASCII)
