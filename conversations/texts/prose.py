"""Plain text as people write it to each other, as HTML: paragraphs, links, `code` and fenced blocks. Everything is escaped.

Each line is looked at once: no text can stall it. Each line has the direction of its own script; code and addresses are always
left to right, and decide nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from conversations.texts import links

_CODE = re.compile(r"`([^`\n]{1,500})`")
_FENCE = re.compile(r"^ {0,3}```+")
_LANGUAGE = re.compile(r"[\w+#.-]{1,20}\s*")


def html(text: str, paragraphs: Callable[[list[str]], list[str]] | None = None) -> SafeString:
    """A text with its fenced blocks, and its paragraphs between them: escaped HTML. `paragraphs` renders these otherwise."""
    paragraphs = paragraphs or _paragraphs
    parts: list[str] = []
    plain: list[str] = []
    fenced: list[str] | None = None
    language = ""
    for line in text.replace("\r\n", "\n").split("\n"):
        fence = _FENCE.match(line)
        if fence is None:
            (plain if fenced is None else fenced).append(line)
            continue
        # Words beside a fence are shown: above or in the block that it begins, below the block that it ends.
        rest = line[fence.end() :]
        if fenced is None:
            parts += paragraphs(plain)
            plain, fenced = [], []
            first, closing, after = rest.partition("```")
            if not closing:
                language, fenced = _begun(rest)
                continue
            fenced, rest = [first], after
        parts.append(_block(fenced, language))
        plain, fenced, language = [rest.lstrip()], None, ""
    parts += paragraphs(plain) if fenced is None else [_block(fenced, language)]
    return mark_safe("".join(parts))  # noqa: S308 - every part was escaped


def _begun(rest: str) -> tuple[str, list[str]]:
    """What stands beside the fence that begins a block: the name of its language, or else its first line."""
    if _LANGUAGE.fullmatch(rest):
        return rest.strip(), []
    return "", [rest] if rest.strip() else []


def fenced(rest: str, text: str) -> str:
    """A fenced block by what stands beside its first fence and by its text: escaped HTML."""
    language, lines = _begun(rest)
    return _block([*lines, *text.split("\n")], language)


def _block(lines: list[str], language: str) -> str:
    label = format_html('<span class="language">{}</span>', language) if language else ""
    return format_html('<pre dir="ltr">{}<code>{}</code></pre>', label, "\n".join(lines))


def _paragraphs(lines: list[str]) -> list[str]:
    """Each line as an element, for it has a direction of its own; `on` goes on with the paragraph above."""
    result: list[str] = []
    is_on = False
    for line in lines:
        if line.strip():
            result.append(f'<p dir="auto"{" class=on" if is_on else ""}>{_inline(line)}</p>')
        is_on = bool(line.strip())
    return result


def _inline(line: str) -> str:
    """One line with its links and `code`, escaped."""
    parts = _CODE.split(line)
    return "".join(
        format_html('<code dir="ltr">{}</code>', part) if index % 2 else _linked(part)
        for index, part in enumerate(parts)
    )


def _linked(text: str) -> str:
    parts: list[str] = []
    at = 0
    for start, end, href in links.links(text):
        parts.append(conditional_escape(text[at:start]))
        parts.append(format_html(_LINK, href, text[start:end]))
        at = end
    return "".join([*parts, conditional_escape(text[at:])])


_LINK = '<a dir="ltr" href="{}" rel="noopener noreferrer nofollow" target="_blank">{}</a>'
