"""HTML written anew: every element closed in its place, hidden text left out, quoted history and signatures in `details`."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from conversations.mail import headers, html_quotes, limits
from conversations.mail.html_tokens import VOID, Close, Open, tokens

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "ul",
    ]
)
_CELLS = frozenset(["td", "th", "caption"])
_ROWS = frozenset(["tr", "tbody", "thead", "tfoot", "colgroup", "col"])
_INSIDE_TABLE = {
    "td": ("tr",), "th": ("tr",), "tr": ("tbody", "thead", "tfoot"), "tbody": (), "thead": (), "tfoot": (), "caption": (),
    "colgroup": (), "col": ("colgroup",),
}  # fmt: skip
_ENDS = {"li": ("li", ("ul", "ol")), "dt": ("dt", ("dl",)), "dd": ("dd", ("dl",)), "a": ("a", ())}
_KEPT = frozenset(
    [
        "style",
        "dir",
        "lang",
        "align",
        "title",
        "href",
        "alt",
        "width",
        "height",
        "border",
        "valign",
        "bgcolor",
        "colspan",
        "rowspan",
        "cellpadding",
        "cellspacing",
        "span",
        "color",
        "size",
        "face",
        "start",
        "type",
        "value",
    ]
)
_RENAMED = {"nav": "div", "aside": "div", "details": "div", "summary": "div", "hgroup": "div"}
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|(?:max-height|font-size)\s*:\s*0(?:px|pt|em)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
_SUMMARY = {"quote": "Quoted text", "signature": "Signature"}


class TooDeep(ValueError):
    """Elements are nested deeper, or are more, than anyone would write them."""


@dataclass
class _Element:
    name: str
    opening: str = ""
    is_fold: bool = False
    """Whether it is a `details` that is closed with the element in it."""
    is_hidden: bool = False


@dataclass
class Balanced:
    """The HTML, and what was found in it."""

    html: str = ""
    has_quote: bool = False
    has_text: bool = False
    """Whether a text or an image is outside of quotes and signatures."""
    cids: set[str] = field(default_factory=set)


@dataclass
class _Writer:
    tags: Collection[str]
    fold: bool
    hide: bool
    found: Balanced = field(default_factory=Balanced)
    stack: list[_Element] = field(default_factory=list)
    out: list[str] = field(default_factory=list)
    hidden: int = 0
    folded: int = 0
    tags_read: int = 0
    steps: int = 0
    names: Counter[str] = field(default_factory=Counter)

    # --- What is written -------------------------------------------------------------------------

    def _write(self, text: str) -> None:
        if not self.hidden:
            self.out.append(text)

    def _push(self, element: _Element) -> None:
        if len(self.stack) >= limits.HTML_DEPTH:
            raise TooDeep
        self._write(element.opening)
        self.stack.append(element)
        self.names[element.name] += 1
        self.hidden += element.is_hidden
        self.folded += element.is_fold

    def _pop(self) -> _Element:
        element = self.stack.pop()
        self.names[element.name] -= 1
        self.hidden -= element.is_hidden
        self.folded -= element.is_fold
        self._write(f"</{element.name}>")
        return element

    def _pop_to(self, place: int) -> None:
        while len(self.stack) > place:
            self._pop()
        while self.stack and self.stack[-1].is_fold and self.stack[-1].opening == "":
            self._pop()

    def text(self, text: str) -> None:
        self._write(html.escape(text, quote=False))
        if not self.hidden and not self.folded and not self.found.has_text:
            self.found.has_text = bool(text.strip(" \t\n\xa0\u200b\u200c\u034f\ufeff"))

    # --- What is opened and closed ---------------------------------------------------------------

    def open(self, tag: Open) -> None:
        if tag.name in ("body", "html") and tag.attributes.get("dir", "").lower() == "rtl":
            tag = Open("div", {"dir": "rtl"})
        name = _RENAMED.get(tag.name, tag.name)
        if name not in self.tags:
            return
        if name in _INSIDE_TABLE and not self._into_table(name):
            return
        self._end_before(name)
        kind, is_rest = (
            html_quotes.kind(name, tag.attributes) if self.fold and not self.folded and not self.hidden else ("", False)
        )
        if kind:
            self._fold(kind, is_rest=is_rest)
        opening = f"<{name}{self._attributes(name, tag.attributes)}>"
        if name in VOID:
            self._write(opening)
            return
        if self.hide and not self.hidden and hides(tag):
            self._push(_Element(name, "", is_hidden=True))
        else:
            self._push(_Element(name, opening))

    def close(self, tag: Close) -> None:
        name = _RENAMED.get(tag.name, tag.name)
        if name == "br":
            self._write("<br>")
        barriers = () if name in _INSIDE_TABLE or name == "table" else ("table", *_CELLS)
        if name in ("td", "th", "tr", "tbody", "thead", "tfoot", "caption", "colgroup"):
            barriers = ("table",)
        place = self._place(name, barriers)
        if place is not None:
            self._pop_to(place)

    def _place(self, name: str, barriers: Collection[str]) -> int | None:
        """Where the innermost open element of the name is, unless another one shields it."""
        if not self.names[name]:
            return None
        for place in range(len(self.stack) - 1, -1, -1):
            element = self.stack[place]
            self.steps += 1
            if element.name == name and not element.is_fold:
                return place
            if element.name in barriers:
                return None
        return None

    def _end_before(self, name: str) -> None:
        """Close what an opening tag ends: a paragraph before a block, an item before the next one."""
        if name in _BLOCKS and (place := self._place("p", ("table", *_CELLS))) is not None:
            self._pop_to(place)
        if name in _ENDS:
            ended, inside = _ENDS[name]
            if (place := self._place(ended, ("table", *_CELLS, *inside))) is not None:
                self._pop_to(place)
        if (
            name in ("dt", "dd")
            and (place := self._place("dd" if name == "dt" else "dt", ("table", *_CELLS, "dl"))) is not None
        ):
            self._pop_to(place)

    def _into_table(self, name: str) -> bool:
        """Close whatever is open in the table around, up to where the row or the cell belongs. False without a table."""
        table = self._place("table", ())
        if table is None:
            return False
        place = table + 1
        for element in self.stack[table + 1 :]:
            if element.name not in _INSIDE_TABLE[name] and not (
                element.name in ("tbody", "thead", "tfoot") and name in ("td", "th", "tr")
            ):
                break
            place += 1
        while len(self.stack) > place:
            self._pop()
        return True

    def _fold(self, kind: str, *, is_rest: bool) -> None:
        """Open a `details` around the element that follows, or around all that follows up to the end of the cell or the mail."""
        self.found.has_quote = self.found.has_quote or kind == "quote"
        opening = f'<details class="{kind}"><summary>{_SUMMARY[kind]}</summary>'
        if not is_rest:
            self._write(opening)
            self._push(_Element("details", "", is_fold=True))
            return
        place = next((i + 1 for i in range(len(self.stack) - 1, -1, -1) if self.stack[i].name in _CELLS), 0)
        again = [element for element in self.stack[place:] if element.name not in _ROWS and element.name != "table"]
        while len(self.stack) > place:
            self._pop()
        self._push(_Element("details", opening, is_fold=True))
        for element in again:
            self._push(element)

    def _attributes(self, name: str, attributes: dict[str, str]) -> str:
        kept = {key: value for key, value in attributes.items() if key in _KEPT}
        if name == "img":
            source = self._source(attributes.get("src", "").strip())
            kept = {**source, **kept}
            if not self.hidden and not self.folded and source:
                self.found.has_text = True
        return "".join(f' {key}="{html.escape(value)}"' for key, value in kept.items())

    def _source(self, source: str) -> dict[str, str]:
        start = source[:8].lower()
        if start.startswith("cid:"):
            cid = headers.content_id(source[4:])
            self.found.cids.add(cid)
            return {"data-cid": cid}
        if start.startswith("//"):
            source, start = f"https:{source}", "https://"
        return {"data-remote": source.replace(" ", "%20")} if start.startswith(("http://", "https://")) else {}

    def end(self) -> Balanced:
        while self.stack:
            self._pop()
        self.found.html = "".join(self.out)
        return self.found


def hides(tag: Open) -> bool:
    """Whether an element is not shown, such as the preview line of a newsletter."""
    return "hidden" in tag.attributes or _HIDDEN.search(tag.attributes.get("style", "")[:2_000]) is not None


def balanced(text: str, tags: Collection[str], *, fold: bool = True, hide: bool = True) -> Balanced:
    """The HTML with the tags. Raises TooDeep for more than 50,000 tags, and more than 256 elements inside each other."""
    writer = _Writer(tags, fold, hide)
    for token in tokens(text, limits.HTML_TAGS + 1):
        if isinstance(token, str):
            writer.text(token)
            continue
        writer.tags_read += 1
        if writer.tags_read > limits.HTML_TAGS or writer.steps > limits.HTML_STEPS:
            raise TooDeep
        if isinstance(token, Open):
            writer.open(token)
        else:
            writer.close(token)
    return writer.end()
