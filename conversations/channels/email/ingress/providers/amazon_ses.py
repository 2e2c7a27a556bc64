"""Amazon SES, by SNS: JSON in which SES publishes the mail itself, and reports of sent mails. Signed by Amazon."""

from __future__ import annotations

from typing import Any

from conversations.channels.email.envelopes import enveloped
from conversations.channels.email.ingress import sns, tracking
from conversations.channels.email.ingress.brought import Brought, Event, Job, NotUnderstood
from conversations.channels.email.ingress.calls import Call, as_bytes, as_list, as_object, parsed, text
from conversations.mail import headers

_TESTED = "Successfully validated SNS topic"


def recognises(call: Call) -> bool:
    """By the fields of SNS, or by those of SES where SNS delivers its messages bare."""
    given = call.object
    return ("TopicArn" in given and "Type" in given) or ("mail" in given and _kind(given) != "")


def read(call: Call) -> Brought:
    """The mail, what became of one, or a job that confirms the subscription. Raises Refused for what Amazon did not sign."""
    given = call.object
    if "TopicArn" not in given:
        return _of_ses(given)
    sns.check(given)
    kind = given.get("Type")
    if kind == "SubscriptionConfirmation":
        return Brought(jobs=[Job("confirm_at_amazon", {"url": sns.subscribe_url(given)})])
    if kind != "Notification" or text(given.get("Message")).startswith(_TESTED):
        return Brought()
    notice = parsed(text(given.get("Message")))
    if not isinstance(notice, dict) or not _kind(notice):
        raise NotUnderstood("Amazon SNS sent a message that is not from SES.")
    return _of_ses(notice)


def _kind(notice: dict[str, Any]) -> str:
    return text(notice.get("notificationType")) or text(notice.get("eventType"))


def _of_ses(notice: dict[str, Any]) -> Brought:
    if _kind(notice) != "Received":
        return Brought(events=_events(notice))
    mail, receipt = as_object(notice.get("mail")), as_object(notice.get("receipt"))
    action = as_object(receipt.get("action"))
    content = as_bytes(notice.get("content"))
    if not content:
        raise NotUnderstood("SES keeps the mail in S3: let the receipt rule publish it to SNS, with its content.")
    raw = headers.base64(content) if text(action.get("encoding")).upper() == "BASE64" else content
    source = mail.get("source")
    recipient = next((text(one) for one in as_list(receipt.get("recipients"))), "")
    is_spam = any(
        text(as_object(receipt.get(name)).get("status")).upper() == "FAIL" for name in ("spamVerdict", "virusVerdict")
    )
    sender = source if isinstance(source, str) else None
    return Brought(mails=[enveloped(raw, sender=sender, recipient=recipient, is_spam=is_spam)])


def _events(notice: dict[str, Any]) -> list[Event]:
    from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView

    mail, bounce = as_object(notice.get("mail")), as_object(notice.get("bounce"))
    listed = [as_object(one) for one in as_list(mail.get("headers"))]
    ids = [text(one.get("value")) for one in listed if text(one.get("name")).lower() == "message-id"]
    statuses = [text(as_object(one).get("status")) for one in as_list(bounce.get("bouncedRecipients"))]
    return tracking.read(
        AmazonSESTrackingWebhookView,
        notice,
        {},
        is_soft=bool(bounce) and text(bounce.get("bounceType")) != "Permanent",
        status=next((one for one in statuses if one), ""),
        message_ids=[text(as_object(mail.get("commonHeaders")).get("messageId")), *ids],
        envelope=[text(mail.get("source"))],
    )
