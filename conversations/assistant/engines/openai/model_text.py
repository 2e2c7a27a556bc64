"""Parsing a model's text: an order on its first line, the text for the reader, and the sources it cites.

The whole text so far is parsed each time, so that it does not matter in which pieces it came. What is shown of an
incomplete text is always the beginning of what is shown at the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

LONGEST_TEXT = 20_000  # characters
LONGEST_REASON = 200


class Order(StrEnum):
    """What the first line may ask for instead of an answer."""

    ASK = "ask"
    HAND_OVER = "hand_over"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ModelText:
    """A model's text, parsed. `cited` are the numbers of sources, each once, in their order in the text."""

    text: str = ""
    order: Order | None = None
    reason: str = ""
    cited: tuple[int, ...] = ()


_DECORATION = " \t`*_"
_OPENING = re.compile(r"[ \t`*_]*\[\[\s*(?:(ask)|(hand[\s_-]?over)|(none))\s*(?::|(?=\])|$)", re.IGNORECASE)
_FENCE = re.compile(r"`{3}\w*\s*")
_FENCE_SO_FAR = re.compile(r"`{1,3}\w*")
_NUMBER = r"(?:sources?[ \t]?)?[1-9]\d?"
_MARK = rf"[\[【]{_NUMBER}(?:[ \t]?[,;][ \t]?{_NUMBER})*[\]】](?!\()"
# With the blanks before it; at the beginning of a line with those behind it.
_CITED = re.compile(rf"^(?:{_MARK}[ \t]{{0,3}})+|[ \t]{{0,3}}{_MARK}", re.IGNORECASE | re.MULTILINE)
_MARK_SO_FAR = re.compile(r"[ \t]{0,3}[\[【][^\]】\n]{0,20}$")
_THOUGHTS, _END_OF_THOUGHTS = "<think>", "</think>"


def read(raw: str, *, orders: frozenset[Order], is_whole: bool) -> ModelText:
    """Parse a text that is whole, or still coming. An order counts on the first line alone, and only if it is among
    `orders`; elsewhere a line with nothing but an order is left out."""
    lines = _without_thoughts(clean(raw), is_whole).split("\n")
    order, reason, lines = _ordered(lines, is_whole)
    if order is not None and order not in orders:
        order, reason = None, ""
    # The last line of a text that is still coming may become an order with its next piece.
    if not is_whole and lines and _may_become_order(lines[-1]):
        lines = lines[:-1]
    kept = [line for line in lines if not _is_order_alone(line)]
    text = "\n".join(kept)
    if not is_whole:
        text = _MARK_SO_FAR.sub("", text)
    cited = [int(number) for mark in _CITED.findall(text) for number in re.findall(r"\d+", mark)]
    text = _CITED.sub("", text).strip()
    if not text and is_whole and order == Order.ASK:
        text, reason = reason.strip(), ""
    return ModelText(text[:LONGEST_TEXT], order, in_short(reason), tuple(dict.fromkeys(cited)))


def clean(text: str) -> str:
    """The text as PostgreSQL can store it: without NUL and lone surrogates; halves of a pair are joined."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return whole.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")


def with_ellipsis(text: str) -> str:
    """A text that was cut off, with an ellipsis."""
    return text[: LONGEST_TEXT - 1].rstrip().rstrip("…").rstrip() + "…"


def in_short(reason: str) -> str:
    """One line without control characters, at most `LONGEST_REASON` long."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in reason).split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1].rstrip() + "…"


def _without_thoughts(text: str, is_whole: bool) -> str:
    """Leave out the reasoning that some models write first; nobody is shown it."""
    text = text.lstrip()
    if text.startswith(_THOUGHTS):
        return text.partition(_END_OF_THOUGHTS)[2].lstrip()
    return "" if not is_whole and _THOUGHTS.startswith(text) else text


def _ordered(lines: list[str], is_whole: bool) -> tuple[Order | None, str, list[str]]:
    """The order on the first line, its reason, and the lines that remain; no lines while that is not known yet."""
    first = lines[0]
    is_fenced = len(lines) > 1 and _FENCE.fullmatch(first) is not None
    at = next((n for n, line in enumerate(lines) if n >= is_fenced and line.strip()), len(lines) - 1)
    is_open = not is_whole and at == len(lines) - 1
    if is_open and (_may_become_order(lines[at]) or (not is_fenced and _FENCE_SO_FAR.fullmatch(lines[at]))):
        return None, "", []
    found = _order(lines[at])
    if found is None:
        return None, "", lines
    order, reason, rest = found
    lines = [rest.lstrip(_DECORATION), *lines[at + 1 :]]
    if is_fenced and (end := next((n for n, line in enumerate(lines) if line.strip() == "```"), None)) is not None:
        del lines[end]
    return order, reason, lines


def _order(line: str) -> tuple[Order, str, str] | None:
    """The order at the beginning of a line, its reason, and what follows on the line."""
    opening = _OPENING.match(line)
    if opening is None:
        return None
    ask, hand_over, _ = opening.groups()
    order = Order.ASK if ask else Order.HAND_OVER if hand_over else Order.NONE
    reason, closing, rest = line[opening.end() :].partition("]]")
    # Without its end, all of the line is the reason.
    return (order, reason, rest) if closing else (order, reason.rstrip("] \t"), "")


def _is_order_alone(line: str) -> bool:
    found = _order(line)
    return found is not None and not found[2].strip(_DECORATION)


def _may_become_order(line: str) -> bool:
    bare = line.lstrip(_DECORATION)
    return bare in ("", "[") or bare.startswith("[[")
