"""What the team writes, as HTML: plain text with **bold**, *italic*, ~~struck~~, lists, quotes, links, `code` and fenced blocks.

A text without any of it is shown as `prose` shows it. What is typed is what is shown: nothing is an escape, an entity, a
heading or a table, and only the lines that begin with `>` are quoted. Everything is escaped, and sanitised once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import nh3
from django.utils.safestring import SafeString, mark_safe

from conversations.texts import prose

if TYPE_CHECKING:
    from markdown_it.token import Token

    from conversations.texts.markdown import Parser

_MARKED = re.compile(r"\*\S|(?<!\w)_\S|~~\S|\]\(|^ {0,3}(?:[-+*]|\d{1,9}[.)])[ \t]+\S|^ {0,3}>", re.MULTILINE)
_QUOTE = re.compile(r" {0,3}>")
_ITEM = re.compile(r"\s*(?:[-+*]|\d{1,9}[.)])[ \t]")
_RULES = (
    "blockquote",
    "list",
    "fence",
    "emphasis",
    "strikethrough",
    "link",
    "autolink",
    "image",
    "backticks",
    "newline",
)
_OPENED = {
    "bullet_list_open": ' dir="auto"',
    "ordered_list_open": ' dir="auto"',
    "blockquote_open": ' dir="auto"',
    "link_open": ' rel="noopener noreferrer nofollow" target="_blank"',
}
_ON = '<p dir="auto" class="on">'
_cleaner = nh3.Cleaner(
    tags={"a", "blockquote", "br", "code", "em", "li", "ol", "p", "pre", "s", "span", "strong", "ul"},
    attributes={"*": {"dir"}, "a": {"href", "title", "target"}, "ol": {"start"}},
    allowed_classes={"p": {"on"}, "span": {"language"}},
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel="noopener noreferrer nofollow",
)


def html(text: str) -> SafeString:
    """A text with its markup: safe HTML. It takes time in proportion to the length, whatever the text."""
    if not _MARKED.search(text):
        return prose.html(text)
    return mark_safe(_cleaner.clean(prose.html(text, _paragraphs)))  # noqa: S308 - sanitised


def _paragraphs(lines: list[str]) -> list[str]:
    """What stands between two fenced blocks."""
    return [*_printed(_parser().parse("\n".join(_apart(lines))))]


def _apart(lines: Sequence[str]) -> Iterator[str]:
    """The lines, where a quote or a list ends with an empty one: what follows is no part of it."""
    for line, following in pairwise([*lines, ""]):
        yield line
        is_quote = _QUOTE.match(line) is not None
        if not following.strip() or _QUOTE.match(following):
            continue
        if is_quote or (_ITEM.match(line) and not following[0].isspace() and not _ITEM.match(following)):
            yield ""


@cache
def _parser() -> Parser:
    from conversations.texts.markdown import Parser  # it takes long to load

    parser = Parser("zero")
    parser.enable([*_RULES])
    return parser


def _printed(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield from _line(token)
        elif token.type == "fence":
            yield prose.fenced(token.info, token.content.removesuffix("\n"))
        elif token.type == "paragraph_open":
            if not token.hidden:
                yield '<p dir="auto">'
        elif token.type == "paragraph_close":
            if not token.hidden:
                yield "</p>"
        elif token.nesting < 0:
            yield f"</{token.tag}>"
        elif token.nesting > 0:
            yield f"<{token.tag}{_OPENED.get(token.type, '')}{_start(token)}>"


def _start(token: Token) -> str:
    number = token.attrs.get("start")
    return f' start="{int(number)}"' if number is not None else ""


def _line(token: Token) -> Iterator[str]:
    """The text of a block; outside lists and quotes each line is an element, for it has a direction of its own."""
    from markdown_it.common.utils import escapeHtml

    from conversations.texts.markdown import without_images

    depth = 0
    for one in without_images(token.children or []):
        depth += one.nesting
        if one.type == "text":
            yield escapeHtml(one.content)
        elif one.type == "code_inline":
            yield f'<code dir="ltr">{escapeHtml(one.content)}</code>'
        elif one.type in ("softbreak", "hardbreak"):
            yield f"</p>{_ON}" if token.level == 1 and not depth else "<br>"
        elif one.nesting > 0:
            attrs = "".join(f' {name}="{escapeHtml(str(value))}"' for name, value in one.attrs.items())
            yield f"<{one.tag}{_OPENED.get(one.type, '')}{attrs}>"
        elif one.nesting < 0:
            yield f"</{one.tag}>"
