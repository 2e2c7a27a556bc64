"""The words of the widget: each language has all of them, with the same places to fill in and a form for each kind of number."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter

import pytest

from conversations.chat import languages

ENGLISH = languages.words("en")
CODES = list(languages.names())
SCRIPTS = Path(languages.__file__).parents[2] / "static" / "chat"
PLURALS = {
    "ja": {"other"},
    "pl": {"one", "few", "many", "other"},
    "ar": {"zero", "one", "two", "few", "many", "other"},
    **{code: {"one", "many", "other"} for code in ("fr", "es", "it", "pt")},
}
"""The kinds of numbers of a language (CLDR); of one that is not named, one and other."""
CHOSEN = {
    "language": "its name in the settings",
    "unread": "also on the button",
    **{f"event_{status}": "a change of status" for status in ("open", "resolved", "closed")},
    **dict.fromkeys(("resolved", "closed"), "the status of a conversation in the list"),
    **{
        f"error_{code}": "a refusal of the desk"
        for code in ("too_long", "too_large", "no_mail", "too_many_mails", "rate_limited")
    },
    **{f"assistant_{answer}": "a quick reply" for answer in ("yes", "no")},
    **dict.fromkeys(("name", "email"), "a field before the first message"),
}
"""Words whose keys are made up where they are shown."""


def texts(words: str | Mapping[str, str]) -> Iterator[str]:
    yield from [words] if isinstance(words, str) else words.values()


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", CODES)
def test_language_has_every_word_and_fills_in_the_same(code: str) -> None:
    text = (languages.FOLDER / f"{code}.json").read_text(encoding="utf-8")
    assert len(text.encode()) < 5120
    # Words that are given twice would be lost silently.
    assert [name for name, _ in json.loads(text, object_pairs_hook=list)] == list(ENGLISH)
    for name, words in languages.words(code).items():
        assert isinstance(words, str) == isinstance(ENGLISH[name], str), name
        if not isinstance(words, str):
            assert set(words) == PLURALS.get(code, {"one", "other"}), name
        wanted = places(next(texts(ENGLISH[name])))
        for one in texts(words):
            assert one.strip() == one != "", name
            assert places(one) == wanted, name
    same = [name for name, words in languages.words(code).items() if words == ENGLISH[name] and code != "en"]
    assert len(same) < 8, f"left in English: {same}"


def test_ten_languages_are_known_by_the_tags_of_browsers() -> None:
    assert {"en", "de", "fr", "es", "it", "pt", "nl", "pl", "ja", "ar"} == set(CODES)
    assert languages.known("pt-BR") == "pt"
    assert languages.direction("ar-EG") == "rtl"
    for tag in ("xx", "", "../en", "de/../en"):
        assert languages.words(tag) == ENGLISH


def test_every_word_is_shown_and_every_word_shown_is_there() -> None:
    scripts = "\n".join(path.read_text() for path in SCRIPTS.glob("*.js"))
    named = set(re.findall(r"say\(\s*'(\w+)'", scripts)) | set(re.findall(r"labels\.(\w+)", scripts)) - {"title"}
    assert named - set(ENGLISH) == set()
    quoted = set(re.findall(r"'(\w+)'", scripts))
    assert set(ENGLISH) - named - quoted - set(CHOSEN) == set()
    assert set(CHOSEN) <= set(ENGLISH)
