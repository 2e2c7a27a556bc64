"""HTML of mails made safe to show, with the history it quotes folded.

The HTML is written anew with every element closed in its place, at most 256 deep, because nh3 needs the square of the depth
(half a megabyte of `<div>` cost it minutes). Then nh3 sanitises it: what it returns is what is kept. In that:

- `<details class="quote">` holds quoted history and `<details class="signature">` a signature, so that both fold without script;
- `<img data-remote="https://…">` is an image that is not loaded, `<img data-cid="…">` one of the attachments:
  `with_images` gives them their `src`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass

import nh3

from conversations.mail import charsets, limits
from conversations.mail.html_balance import Balanced, TooDeep, balanced

TAGS = frozenset(
    [
        "a",
        "abbr",
        "address",
        "article",
        "b",
        "bdi",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "font",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "main",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "time",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "wbr",
    ]
)
_PROPERTIES = frozenset(
    [
        "background-color",
        "border",
        "border-bottom",
        "border-collapse",
        "border-color",
        "border-left",
        "border-radius",
        "border-right",
        "border-spacing",
        "border-style",
        "border-top",
        "border-width",
        "color",
        "direction",
        "font",
        "font-family",
        "font-size",
        "font-style",
        "font-variant",
        "font-weight",
        "height",
        "letter-spacing",
        "line-height",
        "list-style-type",
        "margin",
        "margin-bottom",
        "margin-left",
        "margin-right",
        "margin-top",
        "max-width",
        "min-width",
        "padding",
        "padding-bottom",
        "padding-left",
        "padding-right",
        "padding-top",
        "text-align",
        "text-decoration",
        "text-indent",
        "text-transform",
        "vertical-align",
        "white-space",
        "width",
    ]
)
_CELL = {"align", "valign", "width", "height", "bgcolor"}
_ATTRIBUTES = {
    "*": {"style", "dir", "lang", "align", "title"},
    "a": {"href"},
    "img": {"alt", "width", "height", "border", "data-remote", "data-cid"},
    "table": {"border", "cellpadding", "cellspacing", *_CELL},
    "tr": _CELL,
    "td": {"colspan", "rowspan", *_CELL},
    "th": {"colspan", "rowspan", *_CELL},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "font": {"color", "size", "face"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "li": {"value"},
    "details": {"class"},
}
_UNSAFE_STYLE = re.compile(
    r"url\(|image|expression|\\|@|/\*|javascript|behavior|-moz-binding|var\(|attr\(|env\(", re.IGNORECASE
)
_REMOTE = re.compile(r"https?://[^\s\"'<>\x00-\x1f]{1,2000}", re.IGNORECASE)
_CID = re.compile(r"[^\s\"<>]{1,500}")
_IMAGE = re.compile(r'<img data-(remote|cid)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Sanitised:
    """HTML that is safe to show in a frame of its own; None where it is not, and the text has to do."""

    html: str | None
    has_quote: bool = False
    remote_images: int = 0
    cids: frozenset[str] = frozenset()
    """Content ids of the attachments that it shows."""
    problem: str = ""


def sanitise(text: str) -> Sanitised:
    """The HTML of a mail, safe."""
    if len(text) > limits.HTML:
        return Sanitised(None, problem="The formatted text is too long: it is shown as plain text.")
    try:
        found = _whole(text)
    except TooDeep:
        return Sanitised(None, problem="The formatted text is too intricate: it is shown as plain text.")
    clean = _cleaner.clean(found.html)
    return Sanitised(charsets.clean(clean), found.has_quote, clean.count("<img data-remote="), frozenset(found.cids))


def _whole(text: str) -> Balanced:
    """The HTML with its quotes folded; a mail that only forwards, or hides all of its text, is shown as it is."""
    found = balanced(text, TAGS)
    if found.has_quote and not found.has_text:
        found = balanced(text, TAGS, fold=False)
    if not found.has_text and not found.cids:
        found = balanced(text, TAGS, fold=False, hide=False)
    return found


def with_images(safe: str, cid_url: Callable[[str], str | None], *, remote: bool = False) -> str:
    """Sanitised HTML with its images: attached ones from `cid_url`, remote ones if asked for."""

    def source(found: re.Match[str]) -> str:
        value = html.unescape(found[2])
        url = (value if remote else None) if found[1] == "remote" else cid_url(value)
        return found[0] if url is None else f'{found[0]} src="{html.escape(url)}"'

    return _IMAGE.sub(source, safe)


def _kept(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        kept = (one.strip() for one in value.split(";") if not _UNSAFE_STYLE.search(one))
        return ";".join(one for one in kept if one)[:4_000] or None
    if name == "data-remote":
        return value if _REMOTE.fullmatch(value) else None
    if name == "data-cid":
        return value if _CID.fullmatch(value) else None
    if name == "class":
        return value if tag == "details" and value in ("quote", "signature") else None
    if name == "href":
        return value if not value.lower().startswith("cid:") else None
    return value


_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags={
        "script",
        "style",
        "title",
        "head",
        "noscript",
        "template",
        "iframe",
        "object",
        "embed",
        "svg",
        "math",
    },
    attributes={name: set(values) for name, values in _ATTRIBUTES.items()},
    attribute_filter=_kept,
    url_schemes={"http", "https", "mailto", "tel"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
    filter_style_properties=set(_PROPERTIES),
    strip_comments=True,
)
