"""What people are called, as far as their names tell. Pure functions."""

from __future__ import annotations

import re

_LONGEST = 80
# Scripts in which the family's name comes first, and in which one greets by the whole.
_WHOLE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003134f]")
_NO_NAME = re.compile(r"[@_0-9]|://|^[\W_]*$")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|[\"“”„«»][^\"“”„«»]*[\"“”„«»]")
_QUOTES = re.compile('["“”„«»]')
_TITLES = frozenset(
    [
        "dr",
        "prof",
        "professor",
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "sir",
        "dame",
        "lord",
        "lady",
        "rev",
        "reverend",
        "hon",
        "capt",
        "col",
        "lt",
        "sgt",
        "fr",
        "herr",
        "hr",
        "frau",
        "fräulein",
        "dipl-ing",
        "ing",
        "dott",
        "ssa",
        "sig",
        "ra",
        "signor",
        "signora",
        "mme",
        "mlle",
        "madame",
        "mademoiselle",
        "monsieur",
        "mgr",
        "me",
        "señor",
        "señora",
        "señorita",
        "sr",
        "sra",
        "srta",
        "srs",
        "dña",
        "doña",
        "sra",
        "dhr",
        "mevr",
        "mevrouw",
        "meneer",
        "drs",
        "ir",
        "mw",
        "pan",
        "pani",
        "mag",
        "magister",
        "med",
        "rer",
        "nat",
        "phil",
        "h.c",
        "sra",
        "senhor",
        "senhora",
        "г-н",
        "г-жа",
        "السيد",
        "السيدة",
        "د",
        "الدكتور",
        "आदरणीय",
        "श्री",
        "श्रीमती",
    ]
)
_JOINED_TITLE = re.compile(r"\b([^\W\d_]+)\.(?=[^\W\d_]{2})")  # "Dr.Anna"
_TITLES_WITH_DOT = frozenset({"m", "mm", "st", "d", "p"})
_SUFFIXES = re.compile(
    r"^(?:jr|sr|ii|iii|iv|phd|ph\.?d|md|m\.?d|mba|msc|m\.?sc|bsc|b\.?sc|ma|ba|llm|esq|cpa|rn|dds|dr|prof|dipl.*)\.?$",
    re.I,
)
_PARTICLES = frozenset(
    [
        "de",
        "del",
        "della",
        "dello",
        "di",
        "da",
        "das",
        "dos",
        "do",
        "du",
        "des",
        "la",
        "le",
        "las",
        "los",
        "van",
        "von",
        "vom",
        "vd",
        "der",
        "den",
        "dem",
        "ten",
        "ter",
        "te",
        "zu",
        "zum",
        "zur",
        "af",
        "av",
        "al",
        "el",
        "bin",
        "ibn",
        "bint",
        "ben",
        "abu",
        "mac",
        "mc",
        "san",
        "santa",
        "st",
        "y",
        "e",
    ]
)
_COMPANY = re.compile(
    r"\b(?:gmbh|ag|kg|ohg|ug|e\.?v|inc|llc|ltd|limited|plc|corp|corporation|company|co|sarl|sas|sa|s\.a|srl|spa|s\.p\.a|bv|"
    r"nv|oy|ab|aps|as|team|support|office|department|services|group|&|und|and|et|y)\b|&|\+",
    re.I,
)


def known_as(name: str, *others: str | None) -> str:
    """The name as one writes it in a sentence; "" where it is none: an email, a number, one of the `others` (ids)."""
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST or name in others or _NO_NAME.search(name):
        return ""
    before, comma, after = (part.strip() for part in name.partition(","))
    if comma and after and not all(_SUFFIXES.match(word) for word in re.split(r"[ ,]+", after)):
        name = (
            f"{after} {' '.join(map(_cased, before.split())) if before.isupper() else before}".strip()
        )  # "WEBER, Anna"
    elif comma:
        name = before
    return " ".join(_cased(word) for word in name.split()) if name.isupper() else name


def first_name(name: str, *others: str | None) -> str:
    """How to greet a person: "Anna", "Frau Weber", the whole where no part is a first name; "" where there is no name."""
    name = known_as(name, *others)
    if not name or _WHOLE.search(name) or _COMPANY.search(name):
        return name
    words = _BRACKETS.sub(" ", name).split()
    if len(words) < 2:
        words = _QUOTES.sub("", name).split()
    words = _JOINED_TITLE.sub(
        lambda title: f"{title[0]} " if title[1].lower() in _TITLES else title[0], " ".join(words)
    ).split()
    rest = list(words)
    while len(rest) > 1 and _is_title(rest[0]):
        rest.pop(0)
    if len(rest) == 1 or (len(rest) < len(words) and _is_particle(rest)):
        return " ".join(words)  # "Frau Weber": nobody is called Weber alone
    if _is_particle(rest) or len(rest[0].rstrip(".")) == 1 or rest[0].endswith("."):
        return " ".join(rest)  # "de la Cruz", "J. Weber"
    # "WEBER Anna", as in France: the family's name is the one in capitals.
    return next((word for word in rest if not (word.isupper() and len(word) > 2)), rest[0])


def _is_title(word: str) -> bool:
    bare = word.lower().rstrip(".")
    return bare in _TITLES or (word.endswith(".") and (bare in _TITLES_WITH_DOT or bare.count(".") > 0))


def _is_particle(words: list[str]) -> bool:
    first, second = words[0], words[1] if len(words) > 1 else ""
    return first in _PARTICLES or (first.lower() in _PARTICLES and second.lower() in _PARTICLES)


def _cased(word: str) -> str:
    """A word in capitals as a name: WEBER, O'NEIL, JEAN-PIERRE; short ones may be initials."""
    if len(word.rstrip(".")) < 2 or (word.endswith(".") and len(word) < 3):
        return word
    return re.sub(r"[^\W\d_]+", lambda part: part[0].capitalize(), word)


_TURNING = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the direction of what follows: behind one, "fdp.exe" reads as "exe.pdf"."""


_OVERRIDING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Of these, those that change how the letters themselves stand; the marks between scripts are none."""


def as_written(text: str) -> str:
    """A text without characters that show its letters in another order than they are in."""
    return _OVERRIDING.sub("", text)


def of_file(name: str) -> str:
    """A file's name as it is, in any script, without characters that let it look like another."""
    return _TURNING.sub("", name) or "file"
