"""Which words of a text a search found: the part around the first, in pieces that are found or not. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from conversations.texts import tokens

LENGTH = 120
"""Characters of the part that is shown."""
_BEFORE = 24
_LONGEST = 20_000


class Piece(NamedTuple):
    """A stretch of a text."""

    text: str
    is_found: bool


def wanted(typed: str) -> tuple[str, ...]:
    """The words of what was typed, as they are compared."""
    folded = tokens.plain(typed[: tokens.LONGEST_QUERY])
    return tuple(dict.fromkeys(tokens.fold(word) for word, _size in tokens.words(folded)))


def pieces(text: str, words: Iterable[str], length: int = LENGTH) -> list[Piece]:
    """The part of a text around the first of the words, in one line; nothing where it holds none of them."""
    line = " ".join(text[:_LONGEST].replace("\x00", " ").split())
    found = list(_places(line, tuple(words)))
    if not found:
        return []
    start = _start(line, found[0][0])
    end = min(len(line), start + length)
    made = [Piece("…", False)] if start else []
    at = start
    for begin, stop in found:
        if begin >= end:
            break
        stop = min(stop, end)
        made += [Piece(line[at:begin], False), Piece(line[begin:stop], True)]
        at = stop
    made.append(Piece(line[at:end] + ("…" if end < len(line) else ""), False))
    return [piece for piece in made if piece.text]


def _start(line: str, first: int) -> int:
    if first <= _BEFORE:
        return 0
    space = line.find(" ", first - _BEFORE, first)
    return space + 1 if space >= 0 else first - _BEFORE // 2


def _places(line: str, words: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    if not words:
        return
    for word, size, begin, end in tokens.placed_words(line):
        folded = tokens.fold(word)
        if size:
            yield from _inside(folded, begin, end, words)
        elif any(_begins(folded, one) for one in words):
            yield begin, end


def _begins(word: str, wanted: str) -> bool:
    if word.startswith(wanted) or tokens.plain_umlauts(word).startswith(tokens.plain_umlauts(wanted)):
        return True
    return wanted.isdigit() and wanted in word


def _inside(folded: str, begin: int, end: int, words: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Of a script without spaces: where the words stand in it."""
    at = 0
    for place in range(len(folded)):
        if place < at or len(folded) != end - begin:
            continue
        longest = max((len(one) for one in words if folded.startswith(one, place)), default=0)
        if longest:
            at = place + longest
            yield begin + place, begin + at
