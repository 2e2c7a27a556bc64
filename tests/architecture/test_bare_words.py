"""What the templates of the screens say is translated: no words stand in them bare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

SCREENS = Path(__file__).parents[2] / "templates" / "screens"
IN_OTHER_LANGUAGES = {"chat", "demo", "forms"}
"""Pages of customers, whose languages are those of the widget or the form."""
NAMES = re.compile(
    r"\b(?:Parley|Discord|CSV|JSONL|UID|Esc|app(?:--quiet)?|standalone|stop)\b|\w+@example\.com|api, billing|&\w+;"
)
"""Names and samples, which are the same in every language, and classes of a block."""
_CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<(script|style|code|kbd|pre|svg)\b.*?</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>", re.DOTALL)
_SHOWN = re.compile(r'(?<![\w-])(?:title|aria-label|aria-description|placeholder|alt|label)="([^"]*)"')
_WORD = re.compile(r"[^\W\d_]{2,}")
_ATTRIBUTES = re.compile(r'(?:(?:[\w-]+="[^"]*"?|[\w-]*"|data-[\w-]+)\s*)+')
"""What a macro or a block prints into a tag of another place."""


def bare_words(source: str) -> Iterator[tuple[int, str]]:
    """The texts and the attributes that people read, outside what Jinja prints, each with its line."""
    bare = _CODE.sub(lambda code: "\n" * code[0].count("\n"), source)
    for shown in _SHOWN.finditer(bare):
        yield bare.count("\n", 0, shown.start()) + 1, shown[1]
    text = _TAG.sub(lambda tag: " " + "\n" * tag[0].count("\n"), bare)
    yield from enumerate(text.splitlines(), 1)


def test_no_word_of_a_template_is_bare() -> None:
    found = [
        f"{path.relative_to(SCREENS)}:{line}: {text.strip()[:80]}"
        for path in sorted(SCREENS.rglob("*.html"))
        if path.relative_to(SCREENS).parts[0] not in IN_OTHER_LANGUAGES
        for line, text in bare_words(path.read_text())
        if _WORD.search(NAMES.sub("", text)) and not _ATTRIBUTES.fullmatch(text.strip())
    ]
    assert not found, "translate it with `_()`:\n" + "\n".join(found)
