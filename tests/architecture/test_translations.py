"""The catalogues have every word of the screens, and every word is translated, with the same places for values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages import pofile
from babel.messages.catalog import Message
from django.conf import settings
from django.core.management import call_command

CATALOGS = sorted((Path(settings.BASE_DIR) / "config" / "locale").glob("*/LC_MESSAGES/django.po"))
_PLACE = re.compile(r"%\(\w+\)s|%s|%%|\{\w*\}")


def messages(path: Path) -> list[Message]:
    with path.open("rb") as file:
        return [one for one in pofile.read_po(file, locale=path.parent.parent.name) if one.id]


def test_catalogues_are_what_the_screens_say_and_compiled() -> None:
    call_command("collect_words", "--check")


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parent.parent.name)
def test_translations_have_the_places_of_the_originals(path: Path) -> None:
    wrong = []
    for message in messages(path):
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        translated = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = {frozenset(_PLACE.findall(text)) for text in originals}
        wrong += [message.id for text in translated if text and frozenset(_PLACE.findall(text)) not in wanted]
    assert not wrong
