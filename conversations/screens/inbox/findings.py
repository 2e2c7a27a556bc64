"""Rows of a search with what was found marked in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conversations.queries import search as search_queries
from conversations.queries import snippets as queries
from conversations.queries.snippets import Finding
from conversations.screens import snippets
from conversations.screens.inbox.list_rows import Row
from conversations.screens.inbox.queries import Listed
from conversations.texts import highlights


def marked(rows: list[Row], found: Sequence[Listed], search: str) -> list[Row]:
    """The rows; after a search for words, with these marked, and the text that holds them in place of the last message."""
    typed = snippets.words_of(search) if search else ""
    words = highlights.wanted(typed)
    if not words or not rows:
        return rows
    held = queries.findings([row.pk for row in rows], typed)
    number = search_queries.number(typed)
    return [
        row if number is not None and number in (one.number, one.ticket__number) else _marked(row, one, held, words)
        for row, one in zip(rows, found, strict=True)
    ]


def _marked(row: Row, one: Listed, held: Mapping[int, Finding], words: tuple[str, ...]) -> Row:
    subject, who = snippets.marked(row.subject, words), snippets.marked(row.who, words)
    finding = held.get(row.pk)
    if finding is None and subject is None and who is None:
        texts = (one.contact__email, one.contact__external_id or "", one.contact__name)
        finding = next((Finding("customer", text) for text in texts if snippets.marked(text, words)), None)
    preview = row.preview if finding is None or finding.text == one.subject else snippets.labelled(finding, words)
    return row._replace(subject=subject or row.subject, who=who or row.who, preview=preview)
