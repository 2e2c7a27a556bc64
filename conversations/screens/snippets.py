"""Snippets of what a search found, with the words marked."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from conversations.queries.snippets import Finding
from conversations.texts import highlights, operators


def words_of(search: str) -> str:
    """What of a search is looked for in texts, without its operators."""
    return operators.taken(search, lambda operator: True)


def marked(text: str, words: Iterable[str], length: int = highlights.LENGTH) -> SafeString | None:
    """The part of a text around the first of the words, which are marked; None where it holds none of them."""
    pieces = highlights.pieces(text, words, length)
    if not pieces:
        return None
    printed = (
        format_html("<mark>{}</mark>", one.text) if one.is_found else conditional_escape(one.text) for one in pieces
    )
    return mark_safe("".join(printed))  # noqa: S308 - each piece is escaped


def labelled(finding: Finding, words: Iterable[str]) -> SafeString:
    """Where it was found, if that is no message, and the text around it."""
    text = marked(finding.text, words) or conditional_escape(finding.text[: highlights.LENGTH])
    label = {"note": _("Note"), "file": _("File"), "customer": _("Customer")}.get(finding.where)
    return format_html('<span class="row__where">{}</span> {}', label, text) if label else text
