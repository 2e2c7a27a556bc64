"""Mails that customers send, made of what matters in a test."""

from __future__ import annotations

from email.message import EmailMessage
from itertools import count
from typing import Any

_NUMBERS = count(1)


def letter(
    text: str = "Hello, my lamp is broken.",
    *,
    sender: str = "Ada Customer <ada@example.com>",
    to: str = "support@acme.example",
    subject: str = "Broken lamp",
    message_id: str | None = None,
    html: str | None = None,
    **headers: str,
) -> bytes:
    """A mail as its bytes; headers by their names, with _ for -."""
    mail = EmailMessage()
    mail["To"], mail["Subject"], mail["Date"] = to, subject, "Mon, 30 Nov 2026 09:00:00 +0000"
    mail.set_content(text)
    if html is not None:
        mail.add_alternative(html, subtype="html")
    # By hand: the library refuses ids that senders write all the same.
    ids = {"From": sender, "Message-ID": message_id or f"<letter-{next(_NUMBERS)}@mail.example.com>"}
    ids |= {name.replace("_", "-"): value for name, value in headers.items()}
    return "".join(f"{name}: {value}\n" for name, value in ids.items()).encode() + mail.as_bytes()


def attached(raw: bytes, *files: tuple[str, bytes]) -> bytes:
    """The mail with files."""
    from email import message_from_bytes
    from email.policy import default

    mail: Any = message_from_bytes(raw, policy=default)
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return bytes(mail.as_bytes())
