"""A catalogue of German words for a test, so that none depends on how far the translations are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from babel.messages import Catalog, mofile


def speak_german(folder: Path, settings: Any, words: Mapping[str, str]) -> None:
    """Have the desk know these translations, before its own."""
    catalog = Catalog(locale="de")
    for original, translated in words.items():
        catalog.add(original, translated)
    path = folder / "de" / "LC_MESSAGES" / "django.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        mofile.write_mo(file, catalog)
    settings.LOCALE_PATHS = [folder, *settings.LOCALE_PATHS]
