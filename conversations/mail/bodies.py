"""Which parts of a mail are its text, which its HTML, and which its files: the rules of RFC 8621, section 4.1.4."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from conversations.mail import charsets, headers, limits, tnef
from conversations.mail.charsets import Hints
from conversations.mail.headers import one_line
from conversations.mail.parsed import Attachment
from conversations.mail.parts import Part

_TEXTS = ("text/plain", "text/html")
_SHOWN = ("image/", "audio/", "video/")
_EXTENSIONS = {
    "message/rfc822": "eml", "message/global": "eml", "text/calendar": "ics", "text/plain": "txt", "text/html": "html",
    "text/rfc822-headers": "txt", "message/delivery-status": "txt", "message/global-delivery-status": "txt",
    "message/disposition-notification": "txt", "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif",
    "image/webp": "webp", "application/pdf": "pdf", "application/zip": "zip", "text/csv": "csv", "text/vcard": "vcf",
    "application/pgp-signature": "asc", "application/pkcs7-signature": "p7s", "application/pkcs7-mime": "p7m",
    "application/x-pkcs7-signature": "p7s", "application/x-pkcs7-mime": "p7m",
}  # fmt: skip
_NAMES = {
    "text/calendar": "invitation", "message/delivery-status": "delivery-status", "message/global-delivery-status": "delivery-status",
    "text/rfc822-headers": "headers", "application/pgp-signature": "signature", "application/pkcs7-signature": "smime",
    "application/pkcs7-mime": "smime", "application/x-pkcs7-signature": "smime", "application/x-pkcs7-mime": "smime",
    "message/rfc822": "message", "message/global": "message",
}  # fmt: skip
# What turns the direction of the text could make one file look like another.
_IN_NAMES = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x1f/\\\\]")
_META_CHARSET = re.compile(rb"<meta[^>]{1,200}charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_QUOTES_AT = re.compile(r"^(>+)")


@dataclass
class Bodies:
    """The parts by what they are for. One that has no alternative is in both bodies."""

    plain: list[Part]
    html: list[Part]
    files: list[Part]


def choose(root: Part) -> Bodies:
    """The parts of the mail, sorted."""
    plain: list[Part] = []
    html: list[Part] = []
    files: list[Part] = []
    _sort([root], "mixed", plain, html, files, in_alternative=False)
    return Bodies(plain, html, files)


def _sort(
    parts: list[Part],
    kind: str,
    plain: list[Part] | None,
    html: list[Part] | None,
    files: list[Part],
    *,
    in_alternative: bool,
) -> None:
    """Sort parts. A list is None where the part is in one of two alternatives, and the list is for the other one."""
    plain_before, html_before = len(plain or ()), len(html or ())
    for index, part in enumerate(parts):
        if part.is_multipart:
            inner = part.content_type.partition("/")[2]
            _sort(part.children, inner, plain, html, files, in_alternative=in_alternative or inner == "alternative")
            continue
        if not _is_body(part, index, kind):
            files.append(part)
            continue
        is_plain = part.content_type == "text/plain"
        if in_alternative and kind != "alternative":
            plain, html = (plain, None) if is_plain else (None, html)
        if plain is not None and (is_plain or kind != "alternative"):
            plain.append(part)
        if html is not None and (not is_plain or kind != "alternative"):
            html.append(part)
    if kind == "alternative" and plain is not None and html is not None:
        new_plain, new_html = plain[plain_before:], html[html_before:]
        plain += new_html if not new_plain else []
        html += new_plain if not new_html else []


def _is_body(part: Part, index: int, kind: str) -> bool:
    if part.disposition == "attachment" or part.content_type not in _TEXTS:
        return False
    return index == 0 or (kind != "related" and not part.file_name)


def text_of(part: Part, hints: Hints, problems: list[str]) -> str:
    """The text of a part, at most a few megabytes of it."""
    data = part.content()
    most = limits.HTML * 2 if part.content_type == "text/html" else limits.TEXT * 4
    charset = part.parameters.get("charset", "")
    if not charset and part.content_type == "text/html" and (named := _META_CHARSET.search(data, 0, 4_096)):
        charset = named[1].decode("ascii")
    text, is_whole = charsets.decode(data[:most], charset, hints)
    if not is_whole:
        problems.append("Some characters could not be read: the mail does not say rightly how they are encoded.")
    if part.content_type == "text/plain" and part.parameters.get("format", "").lower() == "flowed":
        text = unflowed(text, is_glued=part.parameters.get("delsp", "").lower() == "yes")
    return text


def unflowed(text: str, *, is_glued: bool = False) -> str:
    """The text of RFC 3676 with its paragraphs in one line each; quoted lines stay quoted."""
    lines: list[str] = []
    pieces: list[str] = []
    quotes = ""
    for line in text.split("\n"):
        found = _QUOTES_AT.match(line)
        depth = found[1] if found else ""
        rest = line[len(depth) :].removeprefix(" ")
        if pieces and depth != quotes:
            lines.append(_quoted(quotes, pieces))
            pieces = []
        quotes = depth
        if rest.endswith(" ") and rest != "-- ":
            pieces.append(rest[:-1] if is_glued else rest)
            continue
        if rest == "-- " and pieces:
            lines.append(_quoted(quotes, pieces))
            pieces = []
        pieces.append(rest)
        lines.append(_quoted(quotes, pieces))
        pieces = []
    if pieces:
        lines.append(_quoted(quotes, pieces))
    return "\n".join(lines)


def _quoted(quotes: str, pieces: list[str]) -> str:
    text = "".join(pieces)
    return f"{quotes} {text}" if quotes else text


def attachments(files: list[Part], shown: frozenset[str]) -> Iterator[Attachment]:
    """The files, named, those in a winmail.dat instead of it. `shown` has the content ids that the HTML refers to."""
    for number, part in enumerate(files, 1):
        cid, content = part.content_id, part.content()
        is_shown = bool(cid and cid in shown)
        is_picture = part.disposition == "inline" and part.content_type.startswith("image/") and not part.file_name
        unpacked = tnef.unpack(content) if is_tnef(part) else None
        if unpacked is None or not (unpacked.files or unpacked.text or unpacked.html):
            yield Attachment(file_name(part, number), part.content_type, content, cid, is_shown or is_picture)
            continue
        for inner, file in enumerate(unpacked.files, 1):
            kind = headers.type_or_none(file.content_type) or "application/octet-stream"
            yield Attachment(
                safe_name(one_line(file.name)) or f"attachment-{number}-{inner}.{_EXTENSIONS.get(kind, 'bin')}",
                kind,
                file.content,
                headers.content_id(file.content_id),
                bool(file.content_id) and headers.content_id(file.content_id) in shown,
            )


def is_tnef(part: Part) -> bool:
    """Whether the part is a winmail.dat."""
    return part.content_type in tnef.TYPES or part.file_name.lower() == "winmail.dat"


def file_name(part: Part, number: int) -> str:
    """The name of a file, without folders and tricks; one of our own where the mail has none."""
    name = safe_name(part.file_name)
    if name:
        return name
    extension = _EXTENSIONS.get(part.content_type, "bin")
    if part.content_type in ("message/rfc822", "message/global"):
        start, data = 0, part.content()[: limits.HEADER_BLOCK]
        inner, _ = headers.split(data, start, len(data))
        subject = safe_name(headers.decode(inner.first("subject")))
        if subject:
            return f"{subject[: limits.FILE_NAME - 4]}.eml"
    return f"{_NAMES.get(part.content_type, f'attachment-{number}')}.{extension}"


def safe_name(name: str) -> str:
    """A file's name without folders, controls and leading dots, at most 200 characters, with its extension."""
    bare = _IN_NAMES.sub("_", name.replace("\\", "/").rstrip("/").rpartition("/")[2]).strip(" .\t")
    if len(bare) <= limits.FILE_NAME:
        return bare
    stem, dot, extension = bare.rpartition(".")
    if dot and len(extension) <= 16:
        return f"{stem[: limits.FILE_NAME - len(extension) - 1]}.{extension}"
    return bare[: limits.FILE_NAME]
