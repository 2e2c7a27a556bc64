"""Mailgun: a form with the parts of a mail, or with the mail itself where the route's address ends in "mime"."""

from __future__ import annotations

import re
from typing import Any

from conversations.channels.email import webhook_keys
from conversations.channels.email.envelopes import enveloped
from conversations.channels.email.ingress import rebuilding, tracking
from conversations.channels.email.ingress.brought import Brought, Event, NotUnderstood
from conversations.channels.email.ingress.calls import Call, as_list, as_object, parsed, text
from conversations.channels.email.ingress.forms import Form
from conversations.channels.email.ingress.rebuilding import Piece

KEY = webhook_keys.MAILGUN
_FILE = re.compile(r"attachment-\d{1,4}")


def recognises(call: Call) -> bool:
    """By the names of its fields."""
    if "event-data" in call.object:
        return True
    fields = call.form.fields
    return {"timestamp", "token", "signature"} <= fields.keys() or ("recipient" in fields and "body-mime" in fields)


def read(call: Call) -> Brought:
    """The mail, or what became of one."""
    if "event-data" in call.object:
        return Brought(events=_events(call.object))
    form = call.form
    if "body-mime" in form.fields:
        raw = form.fields["body-mime"]
    elif "message-url" in form.fields and "message-headers" not in form.fields:
        raise NotUnderstood("Mailgun only says where it keeps the mail: let the route forward() it instead of store().")
    elif "message-headers" in form.fields or "body-plain" in form.fields or "body-html" in form.fields:
        raw = _rebuilt(form)
    else:
        raise NotUnderstood("Mailgun sent no mail in this call.")
    sender = form.text("sender") if "sender" in form.fields else None
    is_spam = form.text("X-Mailgun-Sflag").lower() == "yes"
    return Brought(mails=[enveloped(raw, sender=sender, recipient=form.text("recipient"), is_spam=is_spam)])


def _rebuilt(form: Form) -> bytes:
    listed = [one for one in as_list(parsed(form.fields.get("message-headers", b""))) if isinstance(one, list)]
    headers = [(text(one[0]), text(one[1])) for one in listed if len(one) == 2]
    if not headers:
        headers = [(name, form.text(name.lower())) for name in ("From", "Subject") if name.lower() in form.fields]
        headers.append(("To", form.text("recipient")))
    ids = as_object(parsed(form.fields.get("content-id-map", b"")))
    cids = {text(field): cid for cid, field in ids.items()}
    files = [
        Piece(file.name or "file", file.content_type, file.content, cids.get(name, ""))
        for name, file in sorted(form.files.items(), key=lambda one: (len(one[0]), one[0]))
        if _FILE.fullmatch(name)
    ]
    return rebuilding.mail(headers, text=form.text("body-plain"), html=form.text("body-html"), files=files)


def _events(given: dict[str, Any]) -> list[Event]:
    from anymail.webhooks.mailgun import MailgunTrackingWebhookView

    status = as_object(as_object(given.get("event-data")).get("delivery-status"))
    return tracking.read(
        MailgunTrackingWebhookView,
        given,
        status=text(status.get("enhanced-code")),
        diagnostic=text(status.get("message")) or text(status.get("description")),
    )
