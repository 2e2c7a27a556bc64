"""The words of the customers' pages and mails, one file a language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from conversations.texts.languages import FALLBACK, Languages

__all__ = ["FALLBACK", "FOLDER", "direction", "names", "words"]

FOLDER = Path(__file__).parent
_languages = Languages(FOLDER)


def words(language: str) -> Mapping[str, str]:
    """The words of a language by their keys; those of English for one that has no file."""
    return _languages.words(language)


@cache
def names() -> Mapping[str, str]:
    """Every language by its code, named in itself, by name."""
    return _languages.names()


def direction(language: str) -> str:
    """For the attribute `dir` of a page."""
    return _languages.direction(language)
