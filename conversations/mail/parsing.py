"""Reading a mail: bytes in, a `ParsedMail` out, in bounded time and whatever the bytes hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from itertools import islice

from conversations.mail import addresses, bodies, calendars, headers, limits, parts, quotes, tnef
from conversations.mail.charsets import Hints
from conversations.mail.html import Sanitised, sanitise
from conversations.mail.html_text import to_text
from conversations.mail.parsed import Address, Attachment, Headers, Invitation, ParsedMail, Unreadable
from conversations.mail.parts import Part

_DELIVERED = (
    "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-forwarded-to", "x-gm-original-to",
    "apparently-to", "resent-to", "to", "cc", "resent-cc",
)  # fmt: skip
_ID_LINES = re.compile(
    r"^[> \t]*(?:message-id|in-reply-to|references):[ \t]*(<[^<>\n]{1,998}>)", re.IGNORECASE | re.MULTILINE
)
_PANIC = "PanicException"
"""What libraries in Rust raise when they fail, nh3 among them; it is no `Exception`."""
_CALENDARS = 3  # that are looked at for an invitation
_SIGNATURES = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
_ENCRYPTED = ("application/pgp-encrypted",)
_SMIME = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_ATTACHED_MAILS = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")


def parse(raw: bytes) -> ParsedMail:
    """The mail in the bytes. Raises `Unreadable` for nothing at all and for more than 25 MB, and never anything else."""
    if not raw.strip():
        raise Unreadable("The mail is empty.")
    if len(raw) > limits.RAW:
        raise Unreadable(f"The mail is larger than {limits.RAW // 1024 // 1024} MB.")
    try:
        return _read(raw.lstrip(b"\r\n"))
    except BaseException as error:  # whatever the bytes did, others are to be read
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise
        raise Unreadable(f"The mail could not be read ({type(error).__name__}).") from error


def _read(raw: bytes) -> ParsedMail:
    mail = parts.read(raw)
    root, problems = mail.root, mail.problems
    hints = parts.charsets_of(root)
    chosen = bodies.choose(root)
    shown = _shown(chosen, hints, problems)
    text = _text(chosen, hints, problems)
    if not text and shown.html is None:
        text, shown = _outlook(chosen.files)
    split = quotes.split(text)
    files = tuple(bodies.attachments(chosen.files, shown.cids))
    people = {name: _people(root, name, hints, problems) for name in ("from", "reply-to", "to", "cc", "sender")}
    raw_headers = root.headers
    return ParsedMail(
        headers=Headers(tuple(headers.texts(raw_headers, hints))),
        message_id=next(iter(addresses.ids(raw_headers.first("message-id"))), ""),
        in_reply_to=addresses.ids(raw_headers.first("in-reply-to")),
        references=addresses.ids(b" ".join(raw_headers.all("references"))),
        quoted_ids=_quoted_ids(text, files),
        sender=_sender(people["from"], people["sender"], problems),
        senders=people["from"],
        reply_to=people["reply-to"],
        to=people["to"],
        cc=people["cc"],
        delivered_to=_delivered_to(root, hints),
        subject=headers.decode(raw_headers.first("subject"), hints)[: limits.SUBJECT],
        date=addresses.moment(raw_headers.first("date")),
        text=text,
        reply_text=split.reply,
        quoted_text=split.quoted,
        signature_text=split.signature,
        html=shown.html,
        has_html_quote=shown.has_quote,
        remote_images=shown.remote_images,
        attachments=files,
        invitation=_invitation(root),
        is_encrypted=_is_encrypted(root),
        is_signed=_is_signed(root, text),
        problems=tuple(dict.fromkeys(problems)),
        parts=mail.parts,
    )


def _people(root: Part, name: str, hints: Hints, problems: list[str]) -> tuple[Address, ...]:
    found, is_cut = addresses.addresses(root.headers.all(name), hints)
    if is_cut:
        problems.append(f"The header {name} has more than {limits.ADDRESSES} addresses: the rest was ignored.")
    return found


def _sender(found: tuple[Address, ...], sent_by: tuple[Address, ...], problems: list[str]) -> Address | None:
    """From, if it is one; of several, the one that Sender names."""
    different = {address.address.lower(): address for address in reversed(found)}
    if len(different) == 1:
        return found[0]
    if not different:
        problems.append("The mail does not say who it is from.")
        return None
    problems.append("The mail says that it is from several people.")
    named = [different[one.address.lower()] for one in sent_by if one.address.lower() in different]
    return named[0] if len(named) == 1 else None


def _delivered_to(root: Part, hints: Hints) -> tuple[str, ...]:
    found: list[str] = []
    for name in _DELIVERED:
        found += (one.address.lower() for one in addresses.addresses(root.headers.all(name), hints)[0])
    return tuple(dict.fromkeys(found))


def _text(chosen: bodies.Bodies, hints: Hints, problems: list[str]) -> str:
    """The plain parts, or the HTML as text where they say nothing."""
    text = _joined(chosen.plain, hints, problems) or _joined(chosen.html, hints, problems)
    if len(text) > limits.TEXT:
        problems.append("The text is too long: the rest of it was cut.")
    return text[: limits.TEXT]


def _joined(texts: list[Part], hints: Hints, problems: list[str]) -> str:
    pieces: list[str] = []
    read = 0
    for part in texts:
        if read > limits.TEXT:
            problems.append("The text is too long: the rest of it was cut.")
            break
        text = bodies.text_of(part, hints, problems)
        read += len(text)
        pieces.append(to_text(text) if part.content_type == "text/html" else text)
    return "\n".join(piece.strip("\n") for piece in pieces if piece.strip()).strip("\n")


def _shown(chosen: bodies.Bodies, hints: Hints, problems: list[str]) -> Sanitised:
    """The HTML parts, safe to show; nothing for a mail that has none."""
    if not any(part.content_type == "text/html" for part in chosen.html):
        return Sanitised(None)
    pieces: list[str] = []
    for part in chosen.html:
        if sum(map(len, pieces)) > limits.HTML:
            break
        text = bodies.text_of(part, hints, problems)
        pieces.append(
            text if part.content_type == "text/html" else f"<p>{escape(text.strip()).replace(chr(10), '<br>')}</p>"
        )
    shown = sanitise("".join(pieces))
    if shown.problem:
        problems.append(shown.problem)
    return shown


def _outlook(files: list[Part]) -> tuple[str, Sanitised]:
    """The texts in a winmail.dat, for a mail that has no others."""
    for part in files:
        unpacked = tnef.unpack(part.content()) if bodies.is_tnef(part) else None
        if unpacked is not None and (unpacked.text or unpacked.html):
            text = unpacked.text.strip("\n") or to_text(unpacked.html)
            return text[: limits.TEXT], sanitise(unpacked.html) if unpacked.html else Sanitised(None)
    return "", Sanitised(None)


def _invitation(root: Part) -> Invitation | None:
    """The first one that can be read."""
    calendar = (
        part for part in root.walk() if part.content_type in calendars.TYPES or part.file_name.lower().endswith(".ics")
    )
    for part in islice(calendar, _CALENDARS):
        found = calendars.invitation(part.content(), part.parameters.get("charset", ""))
        if found is not None:
            return found
    return None


def _quoted_ids(text: str, files: Iterable[Attachment]) -> tuple[str, ...]:
    """Ids of mails that are quoted or attached."""
    found = [bare[1:-1].strip() for bare in _ID_LINES.findall(text)]
    for file in files:
        if file.content_type in _ATTACHED_MAILS:
            data = file.content[: limits.HEADER_BLOCK]
            inner, _ = headers.split(data.lstrip(b"\r\n"), 0, len(data))
            for name in ("message-id", "in-reply-to", "references"):
                found += addresses.ids(inner.first(name))
    return addresses.keep(found)


def _is_encrypted(root: Part) -> bool:
    return (
        any(
            part.content_type in _ENCRYPTED
            or (
                part.content_type in _SMIME
                and part.parameters.get("smime-type", "").lower() in ("enveloped-data", "authenveloped-data", "")
            )
            for part in root.walk()
        )
        or root.content_type == "multipart/encrypted"
    )


def _is_signed(root: Part, text: str) -> bool:
    return text.startswith("-----BEGIN PGP SIGNED MESSAGE-----") or any(
        part.content_type in _SIGNATURES
        or (part.content_type in _SMIME and part.parameters.get("smime-type", "").lower() == "signed-data")
        for part in root.walk()
    )
