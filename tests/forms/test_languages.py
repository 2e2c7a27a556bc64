"""The words of the customers' pages: each language has all of them, with the same places to fill in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from string import Formatter

import pytest

from accounts.models import Workspace
from conversations.forms import languages
from conversations.models import FormOutcome
from tests.forms.conftest import Visitor, make

ENGLISH = languages.words("en")
CODES = list(languages.names())


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_ten_languages_are_known_and_named_in_themselves() -> None:
    assert {"en", "de", "fr", "es", "it", "pt", "nl", "pl", "ja", "ar"} <= set(CODES)
    assert languages.names()["de"] == "Deutsch"


@pytest.mark.parametrize("code", CODES)
def test_language_has_every_word_and_fills_in_the_same(code: str) -> None:
    text = (languages.FOLDER / f"{code}.json").read_text(encoding="utf-8")
    pairs = json.loads(text, object_pairs_hook=list)
    assert sorted(name for name, _ in pairs) == sorted(ENGLISH)
    for name, words in pairs:
        assert words.strip() == words != "", name
        assert places(words) == places(ENGLISH[name]), name
    same = [name for name, words in pairs if words == ENGLISH[name] and code != "en"]
    assert len(same) < 8, f"left in English: {same}"


@pytest.mark.parametrize("code", ["xx", "", "../en", "en/../de", "EN"])
def test_unknown_language_is_english(code: str) -> None:
    assert languages.words(code) == ENGLISH


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", ["contact", "callback"])
def test_every_page_is_in_the_language_of_the_form(
    in_acme: Workspace, visit: Callable[..., Visitor], code: str, kind: str
) -> None:
    words, visitor = languages.words(code), visit(make(in_acme, kind, language=code))
    page = visitor.look()
    direction = "rtl" if code == "ar" else "ltr"
    assert f'<html lang="{code}" dir="{direction}">' in page
    assert words["send_callback" if kind == "callback" else "send"] in page
    sent = visitor.send(
        phone="+44 20 7946 0000", day="2026-03-03", zone="Asia/Tokyo", **{"from": "09:00", "to": "10:00"}
    )
    thanks = visitor.client.get(sent["Location"]).content.decode()
    assert words["thanks_title"] in thanks
    assert not re.findall(r"\{\w+\}", thanks + page)
    link = thanks.split('class="button" href="')[1].split('"')[0]
    assert words["thread_write"] in visitor.client.get(link).content.decode()
    assert words["gone_title"] in visitor.client.get("/f/c/nothing").content.decode() or code != "en"


def test_every_refusal_has_its_sentence() -> None:
    shown_above = {
        FormOutcome.TOO_FAST,
        FormOutcome.EXPIRED,
        FormOutcome.RATE,
        FormOutcome.NOT_STORED,
        FormOutcome.TOO_LARGE,
    }
    assert {f"error_{outcome}" for outcome in shown_above} <= set(ENGLISH)
