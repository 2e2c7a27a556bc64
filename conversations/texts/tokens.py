"""Words as every search compares them: without case, accents and spelling variants, in any script. Pure functions.

A text becomes tokens, which PostgreSQL keeps as a `tsvector` (`vector`); what a person types becomes a `tsquery` over
the same tokens (`query`). Nothing depends on the collation, the encoding or the extensions of the database.

- A word is found by its beginning. Accents do not count; `ü` is also found as `ue`.
- Words that a hyphen or an apostrophe joins are found apart and together: `e-mail` and `email`, `doesn't` and `doesnt`.
- Scripts without spaces become overlapping pairs (Chinese, Japanese, Korean) or triples (Thai, Lao, Khmer, Burmese).
- Numbers are found in any grouping. Each run of groups is kept forwards (`+…`), and long ones backwards (`-…`), so that
  the end of a long number can be looked up: a phone number without its country code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

import Stemmer

LONGEST = 100_000
"""Characters of one text that are searched."""
LONGEST_QUERY = 200
_MOST_TERMS = 20
_MOST_BYTES = 900_000  # of one tsvector, which holds a megabyte
_MOST_POSITIONS = 64  # of one token
_LAST_POSITION = 16_383  # PostgreSQL knows no higher one
_LONGEST_TOKEN = 80  # characters; of a longer word the beginning counts
_LONGEST_NUMBER = 18  # digits
CUT = "+cut"
"""The token of a text that has more in it than its tokens: a very long one, or one with a very long word. Nobody can type it."""
_LONG_WORD = 60  # characters of a word that may be longer than a token in some spelling
_LEAST_JOINED = 4  # digits of a number in several groups that is kept as one
_LEAST_PHONE = 7  # digits of a number that is found by its end

_SPELLINGS = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'",
    "\u0640": None, "\u0649": "\u064a", "\u0629": "\u0647",
})  # fmt: skip
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670]")
_FOREIGN_DIGITS = re.compile(r"(?![0-9])\d")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_SPELLED_OUT = re.compile("(?<![aeq])(ae|oe|ue)")
_PAIRED = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003134f"
_TRIPLED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"


def _ranges(codes: Iterable[int]) -> str:
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


@cache
def _word() -> re.Pattern[str]:
    """Made when the first text is read: looking through all of Unicode takes a fortieth of a second."""
    # Combining marks are parts of words (Hindi's vowels), but no letters to `re`.
    marks = _ranges(code for code in range(0x300, 0x1E95B) if unicodedata.category(chr(code)).startswith("M"))
    return re.compile(
        rf"(?P<paired>[{_PAIRED}]+)|(?P<tripled>[{_TRIPLED}]+)|(?:(?![{_PAIRED}{_TRIPLED}])(?:[^\W_]|[{marks}]))+"
    )


_SIZES = {"paired": 2, "tripled": 3}
_JOINED = re.compile(r"(?<![^\W_])[^\W_]{1,40}(?:['-][^\W_]{1,40}){1,5}(?![^\W_])")
_PARTS = re.compile(r"[0-9]{3,}|[^\W\d_]{3,}")
_DIGITS = re.compile(r"[0-9]+")
_NUMBER = re.compile(r"(?<![^\W_])[0-9]{1,40}(?:[ \t().,'/-]{1,3}[0-9]{1,40}){0,20}(?![^\W_])")
_TYPED_NUMBER = re.compile(r"(?<![^\W_])\+?\(?[0-9](?:[ \t().,'/-]{0,3}[0-9])*(?![^\W_])")
_QUOTED = re.compile(r'"([^"]+)"')
_COUNTRY_CODE = re.compile(r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3}")
_LEAST_WITH_COUNTRY_CODE = 11  # digits of a number that is taken to have one, though nobody typed a plus


def fold(text: str) -> str:
    """The text without case, accents and invisible characters, with one spelling of each character."""
    return _bare(plain(text))


def plain(text: str) -> str:
    """As `fold`, with the accents."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        text = "".join(char for char in text if char.isprintable() or char.isspace()).translate(_SPELLINGS)
        text = _FOREIGN_DIGITS.sub(lambda found: str(unicodedata.digit(found[0], 0)), text)
    return text.replace("\x00", " ").replace("`", "'")


def _bare(text: str) -> str:
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))


def words(text: str) -> Iterator[tuple[str, int]]:
    """The words of a text in order, each with the length of its pieces where its script has no spaces, or 0."""
    for word, size, _, _ in placed_words(text):
        yield word, size


def placed_words(text: str) -> Iterator[tuple[str, int, int, int]]:
    """As `words`, each also with where it begins and ends."""
    for found in _word().finditer(text):
        if _bare(found[0]):  # an accent that stands alone is no word
            yield found[0], _SIZES.get(found.lastgroup or "", 0), found.start(), found.end()


def pieces(word: str, size: int) -> list[str]:
    """The overlapping pieces of a word of a script without spaces."""
    return [word[n : n + size] for n in range(max(1, len(word) - size + 1))]


def plain_umlauts(word: str) -> str:
    """A folded word with `ae`, `oe` and `ue` read as umlauts, which lose their dots."""
    return _SPELLED_OUT.sub(lambda found: found[0][0], word)


_LANGUAGES = ("english", "german", "french", "spanish", "italian")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_SHORTEST_STEM = 4  # letters that a cut must leave
_HANGUL = re.compile("[\uac00-\ud7a3]+")
_PARTICLES = (  # Korean; the longest first
    "습니다", "입니다", "하나요", "할까요", "했어요", "해주세요", "주세요", "하세요", "하려면", "에서", "으로", "까지", "부터",
    "하고", "하기", "하는", "한테", "에게", "을", "를", "이", "가", "은", "는", "의", "에", "로", "와", "과", "도", "만",
)  # fmt: skip


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The beginning that a folded word shares with its other forms: the shortest that the stemmers of several languages leave.

    Nothing is known of the language, so that the same word has the same stem everywhere. See docs/adr/0017.
    """
    word = plain_umlauts(word)[:_LONGEST_TOKEN]
    languages = ("russian",) if _CYRILLIC.match(word) else _LANGUAGES
    # Each time new ones, which are cheap: a stemmer is not for several threads. It may change the letter that it leaves
    # at the end (batteri-es, batter-y), which does not count then.
    left = (Stemmer.Stemmer(language, 0).stemWord(word) for language in languages)
    kept = (one if word.startswith(one) else one[:-1] for one in left)
    shortest = min((one for one in kept if len(one) >= _SHORTEST_STEM and word.startswith(one)), key=len, default=word)
    if len(shortest) > _SHORTEST_STEM and shortest[-1] in "iy":
        shortest = shortest[:-1]
    return shortest[:-1] if len(shortest) > _SHORTEST_STEM and shortest[-1] == shortest[-2] else shortest


def is_korean(word: str) -> bool:
    return _HANGUL.fullmatch(word) is not None


def without_particle(word: str) -> str:
    """A Korean word without what is attached to its end."""
    return next((word.removesuffix(end) for end in _PARTICLES if word.endswith(end) and len(word) - len(end) > 1), word)


# --- What is kept -------------------------------------------------------------------------------


def vector(*texts: str) -> str:
    """The texts as input for a `tsvector`; of several, the first weighs most."""
    places: dict[str, list[str]] = {}
    size, start = 0, 0
    for rank, text in enumerate(texts):
        weight = "A" if rank == 0 and len(texts) > 1 else ""
        end = start
        for position, token in _placed(text[:LONGEST]):
            if (known := places.get(token)) is None:
                size += len(token.encode()) + 6
                if size > _MOST_BYTES:
                    break
                known = places[token] = []
            if position and len(known) < _MOST_POSITIONS:
                end = max(end, start + position)
                known.append(f"{min(start + position, _LAST_POSITION)}{weight}")
                size += 2
        start = end + 1  # no phrase goes from one text into the next
    quoted = ((token.replace("'", "''"), found) for token, found in places.items())
    return " ".join(f"'{token}':{','.join(found)}" if found else f"'{token}'" for token, found in quoted)


def _placed(text: str) -> Iterator[tuple[int, str]]:
    """The tokens with their places; 0 for those that belong to no phrase."""
    whole, position = plain(text), 0
    if max(len(text), len(whole)) > LONGEST // 2:
        yield 0, CUT
    whole = whole[:LONGEST]
    for word, size in words(whole):
        if not size and len(word) > _LONG_WORD:
            yield 0, CUT
        if size:
            for n in range(len(word)):
                position += 1
                yield position, word[n : n + size]  # at the end shorter ones, so that any piece is a beginning
        else:
            position += 1
            bare = _bare(word)[:_LONGEST_TOKEN]
            yield position, bare
            for other in _other_spellings(word, bare):
                yield position, other
    folded = _bare(whole)
    for found in _JOINED.finditer(folded):
        if not (together := _together(found[0])).isdigit():
            yield 0, together
    for found in _NUMBER.finditer(folded):
        for number in _numbers(_DIGITS.findall(found[0])):
            yield 0, number


def _other_spellings(word: str, bare: str) -> Iterator[str]:
    if not word.isascii() and (spelled := _bare(word.translate(_UMLAUTS))[:_LONGEST_TOKEN]) != bare:
        yield spelled
    if (undotted := plain_umlauts(bare)) != bare:
        yield undotted
    if not bare.isalpha() and not bare.isdigit():
        yield from _PARTS.findall(bare)


def _together(joined: str) -> str:
    return re.sub("['-]", "", joined)[:_LONGEST_TOKEN]


def _numbers(groups: list[str]) -> Iterator[str]:
    """A number from each of its groups on, and up to each backwards."""
    for n in range(len(groups)):
        onwards = "".join(groups[n : n + _LONGEST_NUMBER]).lstrip("0")[:_LONGEST_NUMBER]
        if len(groups) > 1 and len(onwards) >= _LEAST_JOINED:
            yield f"+{onwards}"
        back = "".join(groups[: n + 1])[-_LONGEST_NUMBER:][::-1]
        if len(back) >= _LEAST_PHONE:
            yield f"-{back}"


# --- What is asked ------------------------------------------------------------------------------


def query(typed: str, *, inflected: bool = False) -> list[str]:
    """What a person typed as `tsquery` inputs, all of which must match; empty where there is nothing to look for.

    Words and numbers may be the beginnings of longer ones, and with `inflected` stand for their other forms too; words in
    double quotes stand in this order.
    """
    text = plain(typed[:LONGEST_QUERY])
    terms: list[str] = [phrase for quoted in _QUOTED.findall(text) if (phrase := _phrase(quoted))]
    text = _QUOTED.sub(" ", text)
    terms += [_number(found[0]) for found in _TYPED_NUMBER.finditer(text)]
    for chunk in _TYPED_NUMBER.sub(" ", text).split():
        if term := _chunk(chunk, inflected=inflected):
            terms.append(term)
    return list(dict.fromkeys(terms))[:_MOST_TERMS]


def beginning(token: str) -> str:
    """A folded word as a `tsquery` for all words that begin with it."""
    return f"{_quoted(token)}:*"


def any_of(*asked: str) -> str:
    """A `tsquery` that one of several matches."""
    return " | ".join(asked if len(asked) < 2 else map("({})".format, asked))


def exactly(token: str) -> str:
    """A token as a `tsquery`."""
    return _quoted(token)


def _quoted(token: str) -> str:
    """As it is kept: PostgreSQL refuses words of more than two kilobytes."""
    return "'" + token[:_LONGEST_TOKEN].replace("\\", "\\\\").replace("'", "''") + "'"


def _phrase(text: str) -> str:
    placed: list[str] = []
    for word, size in words(_bare(text)):
        placed += [_quoted(piece) for piece in pieces(word, size)] if size else [_quoted(word[:_LONGEST_TOKEN])]
    return " <-> ".join(placed)


def _chunk(text: str, *, inflected: bool) -> str:
    """One stretch without spaces: its words in any order, or joined."""
    found = list(words(text))
    parts = [
        _part(word, size, is_last=n == len(found), inflected=inflected) for n, (word, size) in enumerate(found, start=1)
    ]
    apart = " & ".join(parts)
    joined = _JOINED.search(_bare(text)) if len(found) > 1 else None
    if joined is None or len(list(words(joined[0]))) != len(found):
        return apart
    return f"(({apart}) | {beginning(_together(joined[0]))})"


def _part(word: str, size: int, *, is_last: bool, inflected: bool) -> str:
    if inflected and is_korean(word):
        word = without_particle(word)
    if size and len(word) < size:
        return beginning(word)
    if size:
        return " & ".join(_quoted(piece) for piece in dict.fromkeys(pieces(word, size)))
    bare = _bare(word)[:_LONGEST_TOKEN]
    spellings = dict.fromkeys((bare, _bare(word.translate(_UMLAUTS))[:_LONGEST_TOKEN]))
    ways = [beginning(one) if is_last else _quoted(one) for one in spellings]
    if inflected and (stemmed := stem(bare)) not in spellings:
        ways.append(beginning(stemmed))
    return f"({' | '.join(ways)})" if len(ways) > 1 else ways[0]


def _number(typed: str) -> str:
    """A number in any grouping, or the end of a longer one, with and without its country code."""
    groups = _DIGITS.findall(typed)
    digits = "".join(groups)
    *others, last = groups
    ways = [" & ".join([*map(_quoted, others), beginning(last[:_LONGEST_TOKEN])])]
    bare = digits.lstrip("0")
    if len(bare) >= _LEAST_JOINED:
        ways.append(beginning(f"+{bare[:_LONGEST_NUMBER]}"))
        if others:
            ways.append(beginning(digits[:_LONGEST_TOKEN]))
    is_abroad = typed.startswith("+") or len(digits) >= _LEAST_WITH_COUNTRY_CODE
    code = _COUNTRY_CODE.match(bare) if is_abroad and (digits == bare or digits.startswith("00")) else None
    spellings = dict.fromkeys((bare, bare[code.end() :].lstrip("0") if code else bare))
    ways += [beginning(f"-{one[::-1][:_LONGEST_NUMBER]}") for one in spellings if len(one) >= _LEAST_PHONE]
    return f"({' | '.join(f'({way})' for way in ways)})"
