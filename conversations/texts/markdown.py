"""What the texts that are Markdown have in common: every address is a link, and nothing in them loads anything.

The parser takes long to load: who needs it now and then imports this where it is needed. Parsing takes time in proportion to
the length, whatever the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, paragraph
from markdown_it.rules_inline import StateInline, text
from markdown_it.token import Token

from conversations.texts import links

MOST_NESTED = 20
"""Levels, of which a list and its item are two; rendering takes longer with each."""
SCHEMES = ("http", "https", "mailto", "tel")
_LEADS_OUT = re.compile(f"(?:{'|'.join(SCHEMES)}):", re.IGNORECASE)


class Parser(MarkdownIt):
    """CommonMark without raw HTML, in which addresses are links; what is nested too deeply stays as text."""

    def __init__(self, preset: str) -> None:
        super().__init__(preset, {"html": False, "breaks": True, "maxNesting": MOST_NESTED})
        self.block.ruler.before("table", "too_deep", _too_deep)
        self.inline.ruler.at("text", _text)

    def validateLink(self, url: str) -> bool:
        """Whether the address may be a link: absolute ones only, for a text is read at several paths."""
        return _LEADS_OUT.match(url) is not None


def _too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Keep text that is nested too deeply as a paragraph; the parser would leave it out."""
    return state.level >= MOST_NESTED - 2 and not silent and paragraph(state, start, end, silent)


# --- Links --------------------------------------------------------------------------------------


def without_images(tokens: Sequence[Token]) -> Iterator[Token]:
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
