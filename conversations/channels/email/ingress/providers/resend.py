"""Resend: JSON that names a mail, which the desk fetches, and reports of sent mails. Signed as Svix does."""

from __future__ import annotations

from typing import Any

from conversations.channels.email import webhook_keys
from conversations.channels.email.ingress import tracking
from conversations.channels.email.ingress.brought import Brought, Event, Job, NotUnderstood
from conversations.channels.email.ingress.calls import Call, as_list, as_object, text

KEY = webhook_keys.RESEND
RECEIVED = "email.received"


def recognises(call: Call) -> bool:
    """By the names of its fields."""
    return text(call.object.get("type")).startswith("email.") and "data" in call.object


def read(call: Call) -> Brought:
    """A job that fetches the mail, or what became of one."""
    given = call.object
    if given.get("type") != RECEIVED:
        return Brought(events=_events(call, given))
    email_id = text(as_object(given.get("data")).get("email_id"))
    if not email_id:
        raise NotUnderstood("Resend did not say which mail came in.")
    return Brought(jobs=[Job("fetch_from_resend", {"email_id": email_id[:200]})])


def _events(call: Call, given: dict[str, Any]) -> list[Event]:
    from anymail.webhooks.resend import ResendTrackingWebhookView

    data = as_object(given.get("data"))
    headers = [as_object(one) for one in as_list(data.get("headers"))]
    ids = [text(one.get("value")) for one in headers if text(one.get("name")).lower() == "message-id"]
    bounce = as_object(data.get("bounce"))
    return tracking.read(
        ResendTrackingWebhookView,
        given,
        call,  # of which it reads a header
        is_soft=bool(bounce) and text(bounce.get("type")) != "Permanent",
        diagnostic=text(bounce.get("message")),
        message_ids=[text(data.get("message_id")), *ids],
    )
