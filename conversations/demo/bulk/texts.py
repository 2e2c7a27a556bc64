"""Invented texts in five languages, whose words come as often as in life, with what search reads of them.

Searched texts are made here alone. Making the tokens of a text takes as long as storing its row, so they are made once for
each paragraph of a pool, by the field itself (`TokensField`). A paragraph with a line of facts below it (an order number,
an address) has the tokens of both, those of the second moved behind those of the first: no word or number goes across a
line's end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random
from typing import Final

from conversations.demo.bulk.copytext import NULL, text
from conversations.demo.documents import CONTENT
from conversations.models.searched import TokensField
from conversations.texts import validation

LANGUAGES: Final = {"en": 55, "de": 18, "fr": 12, "es": 10, "zh": 5}
"""How many of a hundred contacts write in which language."""
PARAGRAPHS = 4000
"""The most paragraphs of one language's pool."""
_STOPS: Final = {"zh": "。。！？"}
_SENTENCES: Final = (1, 1, 1, 2, 2, 3, 3, 4, 6)
_PLACE: Final = re.compile(r"\d+")


def tokens_of(*values: str | None) -> str:
    """What search reads of a row with these texts: the one place where bulk data makes it."""
    return TokensField.made_from(values)


@dataclass(frozen=True, slots=True)
class Facts:
    """What only one conversation quotes."""

    plain: str
    tokens: str
    last: int

    @classmethod
    def of(cls, plain: str) -> Facts:
        tokens = tokens_of(plain)
        return cls(plain, tokens, _last(tokens))


@dataclass(frozen=True, slots=True)
class Searched:
    """A text with its tokens, both as COPY wants them; `last` is the last place of a word in it."""

    plain: str
    copied: str
    tokens: str
    last: int
    preview: str

    @classmethod
    def of(cls, plain: str) -> Searched:
        tokens = tokens_of(plain)
        return cls(plain, text(plain), text(tokens), _last(tokens), text(validation.preview(plain)))

    @classmethod
    def nothing(cls) -> Searched:
        """What an entry without a text has."""
        return cls("", NULL, tokens_of(None), 0, "")

    def followed_by(self, facts: Facts, between: str) -> Searched:
        """This text with facts behind it. What is between is the end of any word and number."""
        plain = f"{self.plain}{between}{facts.plain}"
        tokens = f"{self.tokens} {text(moved(facts.tokens, self.last))}"
        return Searched(plain, text(plain), tokens, self.last + facts.last, text(validation.preview(plain)))


def moved(tokens: str, by: int) -> str:
    """The tokens with every place so much later."""
    parts = tokens.split("'")  # each second one is a word; the places stand between them
    parts[::2] = [_PLACE.sub(lambda found: str(int(found[0]) + by), part) for part in parts[::2]]
    return "'".join(parts)


def _last(tokens: str) -> int:
    return max((int(place) for part in tokens.split("'")[::2] for place in _PLACE.findall(part)), default=0)


class Vocabulary:
    """The words of a language, drawn by their rank: the first is the most frequent (Zipf)."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.words = (CONTENT / "words" / f"{language}.txt").read_text(encoding="utf-8").split()
        self._weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(self.words))))

    def sentence(self, rng: Random, least: int = 3, most: int = 13) -> str:
        """Some words with a capital and a stop; in Chinese without spaces."""
        found = rng.choices(self.words, cum_weights=self._weights, k=rng.randint(least, most))
        if self.language == "zh":
            return "".join(found)
        line = " ".join(found)
        return line[0].upper() + line[1:]

    def paragraph(self, rng: Random) -> str:
        """A few sentences."""
        stops = _STOPS.get(self.language, "..!?")
        sentences = [self.sentence(rng) + rng.choice(stops) for _ in range(rng.choice(_SENTENCES))]
        return ("" if self.language == "zh" else " ").join(sentences)


@dataclass(frozen=True, slots=True)
class Pool:
    """What can be written in one language."""

    paragraphs: Sequence[Searched]
    subjects: Sequence[Searched]


@cache
def pools(seed: int, size: int) -> tuple[Pool, ...]:
    """A pool of each language, in the order of LANGUAGES; `size` is how many paragraphs the largest has."""
    made = []
    for language, share in LANGUAGES.items():
        rng, vocabulary = Random(f"{seed} {language}"), Vocabulary(language)  # noqa: S311  # the same texts every time
        count = max(20, size * share // max(LANGUAGES.values()))
        paragraphs = [Searched.of(vocabulary.paragraph(rng)) for _ in range(count)]
        subjects = [Searched.of(vocabulary.sentence(rng, 2, 7)) for _ in range(max(20, count // 4))]
        made.append(Pool(paragraphs, subjects))
    return tuple(made)
