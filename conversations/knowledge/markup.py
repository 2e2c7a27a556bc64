"""Articles as HTML: CommonMark with tables, where every address is a link; raw HTML and images are not rendered.

A reader's browser loads nothing from elsewhere: an image becomes a link. Line breaks are kept, headings are below the
page's own, and each paragraph, list and table has the direction of its script. Rendering takes time in proportion to the
length, whatever the text. The parser's output is safe by itself; nh3 sanitises it all the same.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, paragraph
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, text
from markdown_it.token import Token

from conversations.texts import links

_MOST_NESTED = 20  # levels, of which a list and its item are two; rendering takes longer with each
_SCHEMES = ("http", "https", "mailto", "tel")
_LEADS_OUT = re.compile(f"(?:{'|'.join(_SCHEMES)}):", re.IGNORECASE)
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
    url_schemes={*_SCHEMES},
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


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:
        """Whether the address may be a link: absolute ones only, for an article is read at several paths."""
        return _LEADS_OUT.match(url) is not None


# --- Blocks -------------------------------------------------------------------------------------


def _too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Keep text that is nested too deeply as a paragraph; the parser would leave it out."""
    return state.level >= _MOST_NESTED - 2 and not silent and paragraph(state, start, end, silent)


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
            token.children = [*_without_images(token.children)]


def _fence(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return f'<pre dir="ltr"><code>{escapeHtml(tokens[index].content.removesuffix(chr(10)))}</code></pre>'


# --- Links --------------------------------------------------------------------------------------


def _without_images(tokens: Sequence[Token]) -> Iterator[Token]:
    """A line's tokens with links for images, and with the direction of code and addresses."""
    depth = 0
    for token in tokens:
        if token.tag == "a":
            depth += token.nesting
        if token.type == "code_inline" or (token.type == "link_open" and token.info == "auto"):
            token.attrSet("dir", "ltr")  # code, and an address that is shown as such
        if token.type != "image":
            yield token
        elif depth:
            yield _text_token(token.content)
        else:
            href = str(token.attrs["src"])
            yield from _link(href, token.content or href)


def _text(state: StateInline, silent: bool) -> bool:
    """Text up to the next address, or an address, which becomes a link unless it is in one."""
    start = state.pos
    starts, found = _addresses(state)
    end, href = found.get(start, (0, ""))
    if href and not state.linkLevel and end <= state.posMax:
        if not silent:
            _push_link(state, href, state.src[start:end])
        state.pos = end
        return True
    if not text(state, True):
        return False
    following = bisect_right(starts, start)
    if following < len(starts):
        state.pos = min(state.pos, starts[following])
    if not silent:
        state.append_pending(state.src[start : state.pos])
    return True


def _addresses(state: StateInline) -> tuple[list[int], dict[int, tuple[int, str]]]:
    """Where addresses begin, in order, and where each ends and leads to; looked for once in each text."""
    known: dict[str, tuple[list[int], dict[int, tuple[int, str]]]] = state.env.setdefault("addresses", {})
    if state.src not in known:
        found = {start: (end, href) for start, end, href in links.links(state.src)}
        known[state.src] = ([*found], found)
    return known[state.src]


def _push_link(state: StateInline, href: str, shown: str) -> None:
    opened = state.push("link_open", "a", 1)
    opened.attrs, opened.info = {"href": href}, "auto"
    state.push("text", "", 0).content = shown
    state.push("link_close", "a", -1)


def _link(href: str, shown: str) -> Iterator[Token]:
    yield Token("link_open", "a", 1, attrs={"href": href})
    yield _text_token(shown)
    yield Token("link_close", "a", -1)


def _text_token(shown: str) -> Token:
    return Token("text", "", 0, content=shown)


_parser = _Parser("commonmark", {"html": False, "breaks": True, "maxNesting": _MOST_NESTED})
_parser.enable("table").disable("code")  # what is indented is text, as in a mail
_parser.block.ruler.before("table", "too_deep", _too_deep)
_parser.inline.ruler.at("text", _text)
_parser.core.ruler.push("fit", _fit)
_parser.add_render_rule("fence", _fence)
