"""Words as the search for knowledge compares them: the telling ones, cut to their stems.

Cutting is crude and the same for every language; it only has to bring "charging" and "charges" to one form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_WORDS = 24
_WORD = re.compile(r"[^\W_]{3,}")
_ENDINGS = ("ings", "ies", "ing", "ied", "ed", "es", "s", "e", "y")
_SHORTEST = 4  # letters that a cut must leave
_COMMON = frozenset({
    "about", "after", "again", "all", "also", "and", "another", "any", "are", "because", "been", "before", "but",
    "can", "cannot", "could", "did", "does", "doesn", "doing", "don", "each", "even", "every", "for", "from", "get",
    "gets", "getting", "good", "got", "had", "has", "have", "hello", "help", "her", "here", "him", "his", "how",
    "into", "isn", "its", "just", "know", "let", "like", "more", "much", "need", "not", "now", "off", "one", "only",
    "other", "our", "out", "over", "please", "regards", "said", "says", "she", "since", "some", "still", "such",
    "team", "tell", "than", "thank", "thanks", "that", "the", "their", "them", "then", "there", "these", "they",
    "this", "too", "tried", "try", "trying", "use", "used", "using", "very", "want", "was", "way", "were", "what",
    "when", "where", "which", "while", "who", "why", "will", "with", "would", "yes", "yet", "you", "your",
})  # fmt: skip


def stem(word: str) -> str:
    """A lower-cased word without its ending, and without a doubled last letter."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > _SHORTEST and word[-1] == word[-2] else word


def stems(text: str) -> set[str]:
    """The stems of all words of a text that tell what it is about."""
    return {stem(word) for word in _WORD.findall(text.lower()) if word not in _COMMON}


def telling(texts: Sequence[str]) -> dict[str, str]:
    """The words that tell what texts are about, by their stems, each once, the last text's first; at most 24."""
    found: dict[str, str] = {}
    for word in (word for text in reversed(texts) for word in _WORD.findall(text.lower())):
        if word not in _COMMON:
            found.setdefault(stem(word), word)
    return dict(list(found.items())[:MOST_WORDS])


def query(wanted: Sequence[str]) -> str:
    """For PostgreSQL: anything with words that begin with two of the stems, or with the one that there is."""
    words = [f"{one}:*" for one in wanted]
    if len(words) < 2:
        return "".join(words)
    return " | ".join(f"{one} & ({' | '.join(words[n:])})" for n, one in enumerate(words[:-1], start=1))
