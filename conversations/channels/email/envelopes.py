"""What a mail's delivery adds to it: headers on top, which the parser and people read as those of a mail server."""

from __future__ import annotations

import re

from conversations.mail.limits import RAW

_NAME = re.compile(r"[!-9;-~]{1,76}")
_BREAK = re.compile(r"[\r\n\x00]+[ \t]*")
_ENVELOPE = re.compile(rb"\A>?From [^\r\n]*\r?\n")  # of an mbox


def trace(*headers: tuple[str, str]) -> bytes:
    """Headers as lines, each on one; those that cannot be a header are left out."""
    lines = [
        f"{name}: {_BREAK.sub(' ', value).strip()}\r\n".encode("utf-8", "surrogatepass")
        for name, value in headers
        if _NAME.fullmatch(name)
    ]
    return b"".join(lines)


def enveloped(raw: bytes, *, sender: str | None = None, recipient: str = "", is_spam: bool = False) -> bytes:
    """The mail with what is known of its delivery on top, as mail servers write it; without that where it would be too large."""
    known: list[tuple[str, str]] = []
    if sender is not None:
        known.append(("Return-Path", f"<{sender.strip().strip('<>')}>"))
    if recipient:
        known.append(("Delivered-To", recipient))
    if is_spam:
        known.append(("X-Spam-Flag", "YES"))
    top = trace(*known)
    bare = _ENVELOPE.sub(b"", raw, count=1)
    return top + bare if len(top) + len(bare) <= RAW else bare
