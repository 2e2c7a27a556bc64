"""The words of a part of the product, one JSON file a language: which languages there are, and what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

FALLBACK = "en"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


class Languages:
    """The languages of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read = cache(self._of_file)

    def words(self, language: str) -> Mapping[str, Any]:
        """The words of a language by their keys; those of English for one that has no file."""
        return self._read(self.known(language))

    def names(self) -> Mapping[str, str]:
        """Every language by its code, named in itself, by name."""
        codes = sorted(path.stem for path in self.folder.glob("*.json"))
        named = ((code, self._read(code)["language"]) for code in codes)
        return MappingProxyType(dict(sorted(named, key=lambda one: one[1])))

    def match(self, tag: str) -> str:
        """The language of a tag such as `pt-BR` for which there are words; "" where there are none."""
        code = tag.replace("_", "-").partition("-")[0].lower()
        return code if code.isascii() and code.isalpha() and (self.folder / f"{code}.json").is_file() else ""

    def known(self, tag: str) -> str:
        """The same, or English."""
        return self.match(tag) or FALLBACK

    def direction(self, tag: str) -> str:
        """For the attribute `dir` of a page in this language."""
        return "rtl" if self.known(tag) in RIGHT_TO_LEFT else "ltr"

    def _of_file(self, code: str) -> Mapping[str, Any]:
        return MappingProxyType(json.loads((self.folder / f"{code}.json").read_text(encoding="utf-8")))
