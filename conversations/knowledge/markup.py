"""Articles as HTML: CommonMark with tables, where every address is a link; raw HTML and images are not rendered.

A reader's browser loads nothing from elsewhere: an image becomes a link. Line breaks are kept, headings are below the
page's own, and each paragraph, list and table has the direction of its script. Rendering takes time in proportion to the
length, whatever the text. The parser's output is safe by itself; nh3 sanitises it all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nh3
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from conversations.texts import markdown

_LISTS = ("bullet_list_open", "bullet_list_close", "ordered_list_open", "ordered_list_close")
_WITH_DIRECTION = ("heading_open", "bullet_list_open", "ordered_list_open", "table_open")
_ALIGNMENTS = {"text-align:left": "left", "text-align:center": "center", "text-align:right": "right"}
_INLINE_TAGS = ("a", "br", "code", "em", "strong")
_BLOCK_TAGS = ("blockquote", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul")
_TABLE_TAGS = ("table", "tbody", "td", "th", "thead", "tr")

_cleaner = nh3.Cleaner(
    tags={*_INLINE_TAGS, *_BLOCK_TAGS, *_TABLE_TAGS},
    attributes={"*": {"dir"}, "a": {"href", "title"}, "ol": {"start"}},
    allowed_classes={cell: {*_ALIGNMENTS.values()} for cell in ("td", "th")},
    url_schemes={*markdown.SCHEMES},
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)


def html(source: str) -> str:
    """An article, whole, as safe HTML."""
    return _cleaner.clean(_parser.render(source))


def parsed(source: str) -> list[Token]:
    """The parts of a text, safe as they are: no raw HTML, no images, and links that lead out alone."""
    return _parser.parse(source)


def opening(source: str) -> str:
    """The text in one line, without headings and markup."""
    parts: list[str] = []
    is_heading = False
    for token in _parser.parse(source):
        if not is_heading:
            parts += [one.content or " " for one in token.children or [token] if not one.nesting]
            parts.append(" ")
        is_heading = token.type == "heading_open"
    return " ".join("".join(parts).split())


def _fit(state: StateCore) -> None:
    """Fit an article into the page: levels of headings, directions, alignment by class, and no images."""
    lists = 0
    for token in state.tokens:
        if token.tag == "h1":
            token.tag = "h2"
        if token.type in _LISTS:
            lists += token.nesting
        if token.type in _WITH_DIRECTION or (token.type == "paragraph_open" and not lists):
            token.attrSet("dir", "auto")
        if style := token.attrs.pop("style", ""):
            token.attrSet("class", _ALIGNMENTS[str(style)])
        if token.children:
            token.children = [*markdown.without_images(token.children)]


def _fence(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return f'<pre dir="ltr"><code>{escapeHtml(tokens[index].content.removesuffix(chr(10)))}</code></pre>'


_parser = markdown.Parser("commonmark")
_parser.enable("table").disable("code")  # what is indented is text, as in a mail
_parser.core.ruler.push("fit", _fit)
_parser.add_render_rule("fence", _fence)
