"""A reply as Discord takes it: under the agent's name, in pieces of at most 2,000 characters, cut where a reader would cut."""

from __future__ import annotations

import re

MOST = 2000
"""Characters of a message, as Discord counts them."""
_FENCE = re.compile(r"^\s*(```+|~~~+)\s*(?P<language>[\w+#.-]*)")
_BLOCK = re.compile(r"^\s*(?:```|~~~|#{1,6}\s|>|[-*+]\s|\d{1,3}[.)]\s|\||-#\s)")
_MARKS = re.compile(r"([\\*_~`|<>\[\]()#@:])")
_IMAGE = re.compile(r"!\[(?P<alt>[^\]\n]*)\]\((?P<url>[^)\s]+)[^)\n]*\)")


def signed(name: str, body: str) -> str:
    """The text under the name of who wrote it."""
    body = _IMAGE.sub(lambda found: f"{found['alt']} {found['url']}".strip(), body.strip())
    name = escaped(" ".join(name.split()))[:200]
    if not name:
        return body
    if not body:
        return f"**{name}**"
    return f"**{name}**{chr(10) if _BLOCK.match(body) else ': '}{body}"


def escaped(value: str) -> str:
    """A name that is only a name: nothing in it is Markdown or a mention."""
    return _MARKS.sub(r"\\\1", value)


def pieces(value: str, most: int = MOST) -> list[str]:
    """The text in pieces: at paragraphs, else lines, sentences, words; code goes on as code in the next piece."""
    found: list[str] = []
    rest, fence = value.strip(), ""
    while rest:
        head = f"{fence}\n" if fence else ""
        room = most - len(head) - len("\n```")
        if length(head + rest) <= most:
            found.append(head + rest)
            break
        cut = _cut(rest, room)
        piece, rest = (
            head + rest[:cut].rstrip(),
            rest[cut:].lstrip("\n") if fence or _open_fence(rest[:cut]) else rest[cut:].lstrip(),
        )
        fence = _open_fence(piece)
        found.append(f"{piece}\n```" if fence else piece)
    return found or [""]


def length(value: str) -> int:
    """Characters as Discord counts them: code points. A pair of UTF-16 counts double, to be safe."""
    return len(value.encode("utf-16-le", "surrogatepass")) // 2


def _cut(value: str, room: int) -> int:
    """Where to cut, at most `room` characters in and at least one."""
    while length(value[:room]) > room:
        room -= max(1, (length(value[:room]) - room) // 2)
    window = value[:room]
    for separator, least in (("\n\n", room // 3), ("\n", room // 3), (". ", room // 2), (" ", room // 4)):
        position = window.rfind(separator)
        if position >= least:
            return position + (1 if separator == ". " else 0)
    for separator in ("。", "！", "？", "，", "、"):
        position = window.rfind(separator)
        if position >= room // 2:
            return position + 1
    return max(1, room)


def _open_fence(value: str) -> str:
    """The line that opened the code in which the text ends; empty where it ends outside."""
    open_ = ""
    for one in value.split("\n"):
        if (found := _FENCE.match(one)) is not None:
            open_ = "" if open_ else f"```{found['language']}"
    return open_
