"""Postmark: JSON with the parts of a mail, and with the mail itself where "Include raw email content" is on."""

from __future__ import annotations

from typing import Any

from conversations.channels.email.envelopes import enveloped
from conversations.channels.email.ingress import rebuilding, tracking
from conversations.channels.email.ingress.brought import Brought, Event
from conversations.channels.email.ingress.calls import Call, as_bytes, as_list, as_object, text
from conversations.channels.email.ingress.rebuilding import Piece
from conversations.mail import headers as headers_of

_ADDRESSED = (("FromFull", "From"), ("ToFull", "To"), ("CcFull", "Cc"))
_SOFT = ("SoftBounce", "Transient", "DnsError", "Blocked", "Undeterminable")


def recognises(call: Call) -> bool:
    """By the names of its fields."""
    given = call.object
    return "MessageID" in given and bool({"FromFull", "RawEmail", "RecordType"} & given.keys())


def read(call: Call) -> Brought:
    """The mail, or what became of one."""
    given = call.object
    if text(given.get("RecordType")) not in ("", "Inbound"):
        return Brought(events=_events(given))
    headers = [(text(one.get("Name")), text(one.get("Value"))) for one in map(as_object, as_list(given.get("Headers")))]
    sender = None
    if headers and headers[0][0].lower() == "return-path":  # Postmark's own, on top
        sender = headers.pop(0)[1]
    is_spam = any(name.lower() == "x-spam-status" and value.lower().startswith("yes") for name, value in headers)
    raw = as_bytes(given.get("RawEmail")) or _rebuilt(given, headers)
    recipient = text(given.get("OriginalRecipient"))
    return Brought(mails=[enveloped(raw, sender=sender, recipient=recipient, is_spam=is_spam)])


def _rebuilt(given: dict[str, Any], headers: list[tuple[str, str]]) -> bytes:
    present = {name.lower() for name, _ in headers}
    own = [(header, _addresses(given.get(name))) for name, header in _ADDRESSED]
    own += [(header, text(given.get(name))) for name, header in (("ReplyTo", "Reply-To"), ("Date", "Date"))]
    own.append(("Subject", text(given.get("Subject"))))
    files = [
        Piece(
            text(one.get("Name")) or "file",
            text(one.get("ContentType")),
            headers_of.base64((text(one.get("Content")) or text(one.get("Data"))).encode("utf-8", "replace")),
            text(one.get("ContentID")),
        )
        for one in map(as_object, as_list(given.get("Attachments")))
    ]
    return rebuilding.mail(
        [*((name, value) for name, value in own if value and name.lower() not in present), *headers],
        text=text(given.get("TextBody")),
        html=text(given.get("HtmlBody")),
        files=files,
    )


def _addresses(given: Any) -> str:
    people = map(as_object, given if isinstance(given, list) else [given])
    shown = [(text(one.get("Name")), text(one.get("Email"))) for one in people]
    return ", ".join(rebuilding.formatted(name, address) for name, address in shown if address)


def _events(given: dict[str, Any]) -> list[Event]:
    from anymail.webhooks.postmark import PostmarkTrackingWebhookView

    is_soft = text(given.get("Type")) in _SOFT
    return tracking.read(PostmarkTrackingWebhookView, given, is_soft=is_soft, diagnostic=text(given.get("Details")))
