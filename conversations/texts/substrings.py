"""Which words a text has to hold so that another text can occur in it: what an index of words knows of substrings. Pure functions.

A substring begins and ends anywhere, so that its first word may be the end of a longer one, its last word the beginning. An
outline holds for every text in which the substring occurs, in any case; whether it does occur has to be looked at.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from conversations.texts import tokens

_JAMO = ("\u1100", "\u11ff")  # Korean letters: several are one character of the tokens


@dataclass(frozen=True, slots=True)
class Outline:
    """What every text with the substring in it holds."""

    terms: list[str] = field(default_factory=list)
    """`tsquery` inputs, all of which match."""
    ending: str = ""
    """A folded text that some word ends with."""
    middle: str = ""
    """A folded text that some word has in it."""


def outline(text: str) -> Outline | None:
    """What is known of the texts that hold `text`, in any case. None where nothing is: signs alone, or rare characters."""
    if not all(map(_is_plain, text)):
        return None
    found, plain = Outline(), tokens.plain(text)
    ending = middle = ""
    for word, size, start, end in tokens.placed_words(plain):
        is_first, is_last = start == 0, end == len(plain)
        if size:
            found.terms.extend(_pieces(word, size, is_last=is_last))
            continue
        bare = tokens.fold(word)
        if is_first and is_last:
            middle = bare
        elif is_first:
            ending = bare
        else:
            found.terms.append(tokens.beginning(bare) if is_last else tokens.exactly(bare))
    found = Outline(list(dict.fromkeys(found.terms)), ending, middle)
    return found if found.terms or found.ending or found.middle else None


def _is_plain(char: str) -> bool:
    """Whether a character is the same for the tokens wherever it stands."""
    return (
        (char.isprintable() or char.isspace())
        and unicodedata.normalize("NFKC", char) == char
        and not unicodedata.category(char).startswith("M")
        and not _JAMO[0] <= char <= _JAMO[1]
    )


def _pieces(word: str, size: int, *, is_last: bool) -> list[str]:
    """Of a word in a script without spaces."""
    if is_last and unicodedata.name(word[-1], "").startswith(("HIRAGANA", "KATAKANA", "HANGUL")):
        word = word[:-1]  # a sign that follows may change it
    if not word:
        return []
    if len(word) < size:
        return [tokens.beginning(word)]
    return [tokens.exactly(piece) for piece in dict.fromkeys(tokens.pieces(word, size))]
