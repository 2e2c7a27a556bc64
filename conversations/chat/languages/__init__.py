"""The words of the widget, one file a language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent
FALLBACK = "en"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


@cache
def words(language: str) -> Mapping[str, str]:
    """The words of a language by their keys; those of English for one that has no file."""
    found: dict[str, str] = json.loads((FOLDER / f"{known(language)}.json").read_text(encoding="utf-8"))
    return MappingProxyType(found)


@cache
def names() -> Mapping[str, str]:
    """Every language by its code, named in itself, by name."""
    codes = sorted(path.stem for path in FOLDER.glob("*.json"))
    return MappingProxyType(dict(sorted(((code, words(code)["language"]) for code in codes), key=lambda one: one[1])))


def known(language: str) -> str:
    """The language of a tag such as `pt-BR` for which there are words, or the fallback."""
    return match(language) or FALLBACK


def match(language: str) -> str:
    """The same; "" where there are none."""
    code = language.replace("_", "-").partition("-")[0].lower()
    return code if code.isascii() and code.isalpha() and (FOLDER / f"{code}.json").is_file() else ""


def direction(language: str) -> str:
    """For the attribute `dir` of a page."""
    return "rtl" if known(language) in RIGHT_TO_LEFT else "ltr"
