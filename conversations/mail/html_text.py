"""HTML as plain text: paragraphs, lists, tables, links and quotes stay recognisable."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from conversations.mail import charsets, limits
from conversations.mail.html_balance import hides
from conversations.mail.html_tokens import VOID, Open, Token, tokens

_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre"])
_LINES = frozenset(
    [
        "address",
        "article",
        "aside",
        "center",
        "dd",
        "details",
        "div",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "section",
        "summary",
        "tr",
        "caption",
        "body",
        "legend",
        "fieldset",
        "option",
    ]
)
_SPACE = re.compile(r"[ \t\n\r\f\u200b]+")
_LONGEST_LINK = 500
_DEEPEST = 20  # quotes and lists that are marked


@dataclass
class _Text:
    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    """The pieces of the line that is written."""
    blank: bool = False
    """Whether a blank line is due before the next text."""
    quotes: int = 0
    lists: list[int | None] = field(default_factory=list)
    """The next number of each list that is open; None for a list without numbers."""
    pre: int = 0
    bullet: str = ""
    hidden: list[str] = field(default_factory=list)
    """Elements inside one that is not shown."""
    hide: bool = True
    link: str = ""
    linked: int = 0

    def put(self, token: Token) -> None:
        if self.hidden:
            self._skip(token)
        elif isinstance(token, str):
            self._words(token)
        elif isinstance(token, Open):
            self._open(token)
        else:
            self._close(token.name)

    def _skip(self, token: Token) -> None:
        """Go on to the end of an element that is not shown."""
        if isinstance(token, Open):
            if token.name == self.hidden[0] and token.name not in VOID:
                self.hidden.append(token.name)
        elif not isinstance(token, str) and token.name == self.hidden[0]:
            self.hidden.pop()

    def _words(self, text: str) -> None:
        if self.pre:
            first, *rest = text.split("\n")
            self._add(first)
            for line in rest:
                self._end_line(always=True)
                self._add(line)
            return
        text = _SPACE.sub(" ", text)
        self._add(text.lstrip(" ") if not self.line or self.line[-1].endswith((" ", "\t")) else text)

    def _add(self, text: str) -> None:
        if not text:
            return
        if not self.line:
            if self.blank and self.lines and self.lines[-1].strip("> "):
                self.lines.append(">" * self.quotes)
            self.blank = False
            self.line, self.bullet = [self.bullet] if self.bullet else [], ""
        self.line.append(text)

    def _end_line(self, *, always: bool = False) -> None:
        if self.line or always:
            marks, line = ">" * self.quotes, "".join(self.line)
            self.lines.append(f"{marks} {line}".rstrip() if marks else line.rstrip())
        self.line = []

    def _open(self, tag: Open) -> None:
        name = tag.name
        if self.hide and name not in VOID and hides(tag):
            self.hidden.append(name)
            return
        if name == "br":
            self._end_line(always=True)
        elif name == "img":
            if alt := tag.attributes.get("alt", "").strip():
                self._words(f"[{alt[:200]}]")
        elif name in _PARAGRAPHS or name in _LINES:
            self._end_line()
            self.blank = self.blank or (name in _PARAGRAPHS and not (name in ("ul", "ol") and self.lists))
        if name == "hr":
            self._add("---")
            self._end_line()
        elif name == "blockquote":
            self.quotes = min(self.quotes + 1, _DEEPEST)
        elif name in ("ul", "ol"):
            self.lists = [*self.lists[-_DEEPEST:], 1 if name == "ol" else None]
        elif name == "li":
            self._item()
        elif name == "pre":
            self.pre += 1
        elif name in ("td", "th") and self.line:
            self._add("" if self.line[-1].endswith("\t") else "\t")
        elif name == "a":
            self.link, self.linked = tag.attributes.get("href", "").strip(), len(self.line)

    def _item(self) -> None:
        number = self.lists[-1] if self.lists else None
        if number is not None:
            self.lists[-1] = number + 1
        indent = "  " * max(len(self.lists) - 1, 0)
        self.bullet = f"{indent}- " if number is None else f"{indent}{number}. "

    def _close(self, name: str) -> None:
        if name in _PARAGRAPHS or name in _LINES:
            self._end_line()
            self.blank = self.blank or (name in _PARAGRAPHS and not (name in ("ul", "ol") and len(self.lists) > 1))
        if name == "blockquote":
            self.quotes = max(self.quotes - 1, 0)
        elif name in ("ul", "ol") and self.lists:
            self.lists.pop()
        elif name == "pre":
            self.pre = max(self.pre - 1, 0)
        elif name == "a" and self.link:
            self._link()

    def _link(self) -> None:
        """Say where a link leads, unless its text does."""
        shown = "".join(self.line[self.linked :]).strip()
        address = self.link.removeprefix("mailto:").removeprefix("tel:")
        is_new = address.rstrip("/").lower() not in shown.lower() and shown.lower() not in ("", address.lower())
        is_web = self.link.lower().startswith(("http://", "https://", "mailto:"))
        if is_new and is_web and len(address) <= _LONGEST_LINK:
            bare = re.sub(r"^https?://", "", address, flags=re.IGNORECASE).rstrip("/").lower()
            if bare != shown.lower():
                self._add(f" ({address})")
        self.link = ""

    def end(self) -> str:
        self._end_line()
        return charsets.clean("\n".join(self.lines).replace("\xa0", " ")).strip("\n")


def to_text(html: str) -> str:
    """The text of HTML, without what it hides; a mail that hides everything is read whole."""
    return _text(html, hide=True) or _text(html, hide=False)


def _text(html: str, *, hide: bool) -> str:
    text, size = _Text(hide=hide), 0
    for token in tokens(html):
        text.put(token)
        size += len(token) if isinstance(token, str) else 1
        if size > limits.TEXT:
            break
    found = text.end()
    return found[: limits.TEXT] if found.strip() else ""
