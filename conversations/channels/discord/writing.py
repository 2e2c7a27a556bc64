"""A reply as Discord takes it: under the agent's name, in pieces of at most 2,000 characters, cut where a reader would cut."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

MOST = 2000
"""Characters of a message, as Discord counts them."""
LONGEST_MARKER, LONGEST_LANGUAGE = 20, 20
"""Characters of the line that opens code, as far as it is repeated."""
LONGEST_SIGN = 40
"""Code points of what is seen as one sign, as far as it is kept whole."""
_LINE = re.compile(r"\r\n|\n|\r")
_JOINER = "\u200d"
_TONES = "".join(map(chr, range(0x1F3FB, 0x1F400)))
_REGIONS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
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
    value = value.strip()
    if length(value) <= most:
        return [value]
    blocks, found, begin, inside = _code(value), [], 0, None
    while begin < len(value):
        head = inside.opening if inside is not None else ""
        if length(head) + length(value[begin:]) <= most:
            found.append(head + value[begin:])
            break
        end, next_ = _end(value, begin, most - length(head), blocks)
        piece = value[begin:end].rstrip()
        if piece:
            found.append(head + piece + (next_.closing if next_ is not None else ""))
        if next_ is not None and not value[end : next_.closed_at].strip() and next_.closed_at < len(value):
            end, next_ = next_.closed_by, None  # nothing of the code is left
        begin, inside = end + _blank(value[end:], in_code=next_ is not None), next_
    return found


def length(value: str) -> int:
    """Characters as Discord counts them: code points. A pair of UTF-16 counts double, to be safe."""
    return len(value.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(frozen=True, slots=True)
class _Code:
    """A block of code between fences: where its first line begins, and where the last one does and ends."""

    begins: int
    opened_by: int
    closed_at: int
    closed_by: int
    opening: str
    closing: str


def _code(value: str) -> list[_Code]:
    """The blocks of code of a text, by the rules of Markdown."""
    from markdown_it import MarkdownIt  # only long replies need it

    starts = [0, *(found.end() for found in _LINE.finditer(value)), len(value)]
    found = []
    for token in MarkdownIt("commonmark").disable("inline").parse(value):
        if token.type != "fence" or token.map is None or len(token.markup) > LONGEST_MARKER:
            continue
        first, after = token.map[0], min(token.map[1], len(starts) - 1)
        last = value[starts[after - 1] : starts[after]].strip().lstrip("> ")
        is_closed = after - first > 1 and len(last) >= len(token.markup) and not last.strip(token.markup[0])
        quote = "> " if value[starts[first] :].lstrip().startswith(">") else ""
        language = "".join(token.info.split()[:1])[:LONGEST_LANGUAGE]
        if length(language) > LONGEST_LANGUAGE:
            language = ""
        found.append(
            _Code(
                begins=starts[first],
                opened_by=starts[first + 1],
                closed_at=starts[after - 1] if is_closed else len(value),
                closed_by=starts[after] if is_closed else len(value),
                opening=f"{quote}{token.markup}{language}\n",
                closing=f"\n{quote}{token.markup}",
            )
        )
    return found


def _end(value: str, begin: int, room: int, blocks: Sequence[_Code]) -> tuple[int, _Code | None]:
    """Where a piece ends that has so much room, and the code that has to go on in the next one."""
    kept = 0  # room for the line that closes the code
    while True:
        end = begin + _cut(value[begin : begin + room], room - kept)
        inside = next((one for one in blocks if one.begins < end < one.closed_by), None)
        if inside is not None and begin < inside.begins and not value[inside.opened_by : end].strip():
            return inside.begins, None  # nothing of the code would be in this piece
        if inside is not None and inside.closed_at < end:
            end = inside.closed_at if inside.closed_at > begin else end
        if inside is None or len(inside.closing) <= kept:
            return end, inside
        kept = len(inside.closing)


def _cut(value: str, room: int) -> int:
    """Where to cut, at most `room` characters in and at least one."""
    room = _fitting(value, room)
    window = value[:room]
    for separator, least in (("\n\n", room // 3), ("\n", room // 3), (". ", room // 2), (" ", room // 4)):
        position = window.rfind(separator)
        if position >= max(least, 1):
            return position + (1 if separator == ". " else 0)
    for separator in ("。", "！", "？", "，", "、"):
        position = window.rfind(separator)
        if position >= room // 2:
            return position + 1
    whole = next((at for at in range(room, max(room - LONGEST_SIGN, 0), -1) if not _is_one_sign(value, at)), room)
    return max(1, whole)


def _fitting(value: str, room: int) -> int:
    """How many code points of a text have room in so many characters, as Discord counts them."""
    for position, one in enumerate(value):
        room -= 2 if ord(one) > 0xFFFF else 1
        if room < 0:
            return position
    return len(value)


def _is_one_sign(value: str, at: int) -> bool:
    """Whether a cut there would take apart what is seen as one: an accented letter, or an emoji of several."""
    if not 0 < at < len(value):
        return False
    before, after = value[at - 1], value[at]
    if _is_region(before) and _is_region(after):
        return (len(value[:at]) - len(value[:at].rstrip(_REGIONS))) % 2 == 1
    return before == _JOINER or after == _JOINER or after in _TONES or unicodedata.category(after) in ("Mn", "Me", "Mc")


def _is_region(value: str) -> bool:
    return value in _REGIONS


def _blank(value: str, *, in_code: bool) -> int:
    """How much white space a piece does not begin with; code keeps its indentation."""
    return len(value) - len(value.lstrip("\n") if in_code else value.lstrip())
