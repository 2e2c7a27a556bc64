"""What verbs and the worker say in English is shown in the reader's language, and nothing is translated that nobody says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from conversations.screens import reasons, sentences
from conversations.screens.sentences import translated

ROOT = Path(__file__).parents[2]
OURS = {Path(reasons.__file__), Path(sentences.__file__)}
ELSEWHERE = {"migrations", "dialects", "admin", "demo", "static", "management"}
"""Folders whose texts are no refusals and no reasons."""
BUILT = re.compile(
    r"This requires the role \w+\.|This must be (?:an?|one|true)\b|… (?:must be a|is too large|has at most|must not be|contains characters)|Added by ….|… no longer exists\."
)
"""Sentences whose pieces stand in different places, such as the name of a role or of a kind of row."""


def texts() -> Iterator[str]:
    """Every string of the layers below, with `…` for what is put in, as a sentence."""
    for app in ("accounts", "conversations", "tickets"):
        for path in (ROOT / app).rglob("*.py"):
            if path in OURS or ELSEWHERE.intersection(path.parts):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield _sentence(re.sub(r"\{\w*\}|%\(\w+\)s|%s", "…", node.value))
                elif isinstance(node, ast.JoinedStr):
                    pieces = (piece.value if isinstance(piece, ast.Constant) else "…" for piece in node.values)
                    yield _sentence(re.sub("…+", "…", "".join(map(str, pieces))))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def test_every_sentence_for_translators_is_a_text_of_the_layers_below() -> None:
    known = set(texts())
    ours = {re.sub(r"%\(\w+\)s", "…", one) for one in (*sentences.SENTENCES, *reasons.REASONS) if " " in one}
    left = {one for one in ours - known if not BUILT.search(one) and one.removesuffix(".") + "." not in known}
    assert not left


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("This is not an email address.", "Das ist keine E-Mail-Adresse."),
        ("A company has at most 20 domains.", "Eine Firma hat höchstens 20 Domains."),
        ("The mailbox is full. Check the port.", "Das Postfach ist voll. Prüfen Sie den Port."),
        ("What the customer has asked for", "What the customer has asked for"),
        ("", ""),
    ],
)
def test_sentences_are_in_the_language_of_the_reader(english: str, german: str) -> None:
    with translation.override("de"):
        assert translated(english) == german
    assert translated(english) == english
