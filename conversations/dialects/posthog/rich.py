"""An answer that is Markdown, as the document of an editor, which the client shows: headings, lists, code, emphasis and links.

The client shows a message without one as plain text, in which no address can be clicked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from conversations.models import Message

if TYPE_CHECKING:
    from markdown_it.token import Token

Node = dict[str, Any]
_BLOCKS = {
    "paragraph": "paragraph",
    "bullet_list": "bulletList",
    "ordered_list": "orderedList",
    "list_item": "listItem",
    "blockquote": "blockquote",
    "heading": "heading",
    "tr": "paragraph",
}
_MARKS = {"strong": "bold", "em": "italic", "s": "strike"}
_MOST = 2_000
"""Characters beyond which an answer is plain text: each poll makes the document anew."""


def content(message: Message) -> Node | None:
    """The document that came with a message, else that of an answer with markup; None for plain text."""
    stated = (message.metadata or {}).get("rich_content")
    if stated is not None or message.is_from_customer:
        return stated if isinstance(stated, dict) else None
    return document(message.body or "")


def document(source: str) -> Node | None:
    """The document of a text; None for one without any markup, and for a very long one."""
    if len(source) > _MOST:
        return None
    from conversations.knowledge import markup  # the parser takes long to load

    tokens = markup.parsed(source)
    if not any(_is_marked(token) for token in tokens):
        return None
    return {"type": "doc", "content": [*_blocks(iter(tokens))]}


def _is_marked(token: Token) -> bool:
    if token.type == "inline":
        return any(one.type not in ("text", "softbreak", "hardbreak") for one in token.children or ())
    return token.type not in ("paragraph_open", "paragraph_close")


def _blocks(tokens: Iterator[Token]) -> Iterator[Node]:
    """The nodes up to the end of the block that is open."""
    for token in tokens:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if token.nesting < 0:
            return
        if token.type == "inline":
            yield from _line(token.children or [])
        elif token.type in ("fence", "code_block"):
            text = token.content.removesuffix("\n")
            yield {"type": "codeBlock", **({"content": [{"type": "text", "text": text}]} if text else {})}
        elif token.type == "hr":
            yield {"type": "horizontalRule"}
        elif token.nesting > 0:
            yield from _block(name, token, [*_blocks(tokens)])


def _block(name: str, token: Token, inner: list[Node]) -> Iterator[Node]:
    if name in ("th", "td"):
        yield from [*inner, {"type": "text", "text": "  "}]
    elif name not in _BLOCKS:  # a table and its parts
        yield from inner
    else:
        level = {"attrs": {"level": int(token.tag[1:])}} if name == "heading" else {}
        yield {"type": _BLOCKS[name], **level, **({"content": inner} if inner else {})}


def _line(tokens: Sequence[Token]) -> Iterator[Node]:
    """The texts of a line, each with the marks in which it is."""
    marks: list[Node] = []
    for token in tokens:
        if token.nesting < 0:
            marks.pop()
        elif token.type == "link_open":
            marks.append({"type": "link", "attrs": {"href": str(token.attrs["href"])}})
        elif token.nesting > 0:
            name = token.type.removesuffix("_open")
            marks.append({"type": _MARKS.get(name, name)})
        elif token.type in ("softbreak", "hardbreak"):
            yield {"type": "hardBreak"}
        elif token.content:
            own = [{"type": "code"}] if token.type == "code_inline" else []
            found = [*own, *marks]
            yield {"type": "text", "text": token.content, **({"marks": found} if found else {})}
