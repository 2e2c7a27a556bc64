"""SendGrid: a form with the parts of a mail, or with the mail itself where "POST the raw, full MIME message" is on."""

from __future__ import annotations

from typing import Any

from conversations.channels.email import webhook_keys
from conversations.channels.email.envelopes import enveloped
from conversations.channels.email.ingress import rebuilding, tracking
from conversations.channels.email.ingress.brought import Brought, Event, NotUnderstood
from conversations.channels.email.ingress.calls import Call, as_list, as_object, parsed, text
from conversations.channels.email.ingress.forms import Form
from conversations.channels.email.ingress.rebuilding import Piece

KEY = webhook_keys.SENDGRID


def recognises(call: Call) -> bool:
    """By the names of its fields."""
    if isinstance(call.json, list):
        return any(isinstance(one, dict) and "event" in one and "email" in one for one in call.json[:10])
    fields = call.form.fields
    return "envelope" in fields and bool({"email", "headers", "text", "html"} & fields.keys())


def read(call: Call) -> Brought:
    """The mail, or what became of some."""
    if isinstance(call.json, list):
        return Brought(events=[event for one in call.json if isinstance(one, dict) for event in _events(one)])
    form = call.form
    if form.fields.get("email"):
        raw = form.fields["email"]
    elif {"headers", "text", "html"} & form.fields.keys():
        raw = _rebuilt(form)
    else:
        raise NotUnderstood("SendGrid sent no mail in this call.")
    envelope = as_object(parsed(form.fields.get("envelope", b"")))
    sender = envelope.get("from")
    recipient = next((text(one) for one in as_list(envelope.get("to"))), "")
    return Brought(mails=[enveloped(raw, sender=sender if isinstance(sender, str) else None, recipient=recipient)])


def _rebuilt(form: Form) -> bytes:
    charsets = as_object(parsed(form.fields.get("charsets", b"")))
    lines = form.text("headers").replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ").split("\n")
    headers = [(name.strip(), value.strip()) for name, mark, value in (line.partition(":") for line in lines) if mark]
    if not headers:
        named = (("From", "from"), ("To", "to"), ("Subject", "subject"))
        headers = [(name, form.text(field, text(charsets.get(field)) or "utf-8")) for name, field in named]
    described = as_object(parsed(form.fields.get("attachment-info", b"")))
    files = [
        Piece(
            file.name or "file", file.content_type, file.content, text(as_object(described.get(name)).get("content-id"))
        )
        for name, file in sorted(form.files.items(), key=lambda one: (len(one[0]), one[0]))
    ]
    shown = {name: form.text(name, text(charsets.get(name)) or "utf-8") for name in ("text", "html")}
    return rebuilding.mail(headers, files=files, **shown)


def _events(given: dict[str, Any]) -> list[Event]:
    from anymail.webhooks.sendgrid import SendGridTrackingWebhookView

    return tracking.read(
        SendGridTrackingWebhookView,
        given,
        is_soft=text(given.get("type")) == "blocked",
        status=text(given.get("status")),
        diagnostic=text(given.get("reason")),
    )
