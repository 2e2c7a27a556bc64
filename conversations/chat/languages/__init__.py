"""The words of the widget, one file a language. A sentence with a number has a form for each kind of number."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from conversations.texts.languages import FALLBACK, Languages

__all__ = ["FALLBACK", "FOLDER", "direction", "known", "match", "names", "words"]

FOLDER = Path(__file__).parent
_languages = Languages(FOLDER)


def words(language: str) -> Mapping[str, str | Mapping[str, str]]:
    """The words of a language by their keys; those of English for one that has no file."""
    return _languages.words(language)


@cache
def names() -> Mapping[str, str]:
    """Every language by its code, named in itself, by name."""
    return _languages.names()


def known(language: str) -> str:
    """The language of a tag such as `pt-BR` for which there are words, or English."""
    return _languages.known(language)


def match(language: str) -> str:
    """The same; "" where there are none."""
    return _languages.match(language)


def direction(language: str) -> str:
    """For the attribute `dir` of a page."""
    return _languages.direction(language)
