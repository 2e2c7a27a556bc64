"""Calls as providers make them, of our own making."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from conversations.channels.email import servers
from conversations.models import Mailbox

JSON = "application/json"
Post = dict[str, Any]


def post(mailbox: Mailbox, call: Post, provider: str = "", client: Client | None = None) -> Any:
    """Post a call to the mailbox's webhook."""
    secret = mailbox.secrets[servers.INGRESS]
    path = f"/mail/ingress/{secret}" + (f"/{provider}" if provider else "")
    data = call["data"].encode() if isinstance(call["data"], str) else call["data"]
    browser = client or Client(enforce_csrf_checks=True)
    return browser.generic("POST", path, data, content_type=call["content_type"], headers=call.get("headers"))


def as_json(given: Any, **headers: str) -> Post:
    return {"data": json.dumps(given), "content_type": JSON, "headers": headers}


def as_form(given: dict[str, Any], **headers: str) -> Post:
    return {"data": encode_multipart(BOUNDARY, given), "content_type": MULTIPART_CONTENT, "headers": headers}


def bare(raw: bytes, content_type: str = "message/rfc822") -> Post:
    return {"data": raw, "content_type": content_type}


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(password.encode()).decode()}


# --- Postmark -------------------------------------------------------------------------------------


def postmark(raw: bytes | None = None, **other: Any) -> Post:
    given: dict[str, Any] = {
        "FromName": "Ada Customer",
        "MessageStream": "inbound",
        "From": "ada@example.com",
        "FromFull": {"Email": "ada@example.com", "Name": 'Ada "A" Cüstomer', "MailboxHash": ""},
        "ToFull": [{"Email": "support@acme.example", "Name": "Support", "MailboxHash": ""}],
        "CcFull": [{"Email": "bo@example.com", "Name": "", "MailboxHash": ""}],
        "BccFull": [],
        "OriginalRecipient": "support@acme.example",
        "Subject": "Kaputte Lampe ☂",
        "MessageID": "00000000-0000-4000-8000-000000000001",
        "ReplyTo": "",
        "Date": "Mon, 30 Nov 2026 09:00:00 +0000",
        "TextBody": "Meine Lampe ist kaputt.",
        "HtmlBody": '<p>Meine Lampe ist <b>kaputt</b>.<img src="cid:photo"></p>',
        "Tag": "",
        "Headers": [
            {"Name": "Return-Path", "Value": "<ada@example.com>"},
            {"Name": "Message-ID", "Value": "<postmark-1@example.com>"},
            {"Name": "X-Spam-Status", "Value": "No"},
        ],
        "Attachments": [
            {"Name": "Rechnung ü.pdf", "Content": b64(b"%PDF-1.4"), "ContentType": "application/pdf", "ContentLength": 8},
            {"Name": "photo.png", "Content": b64(b"\x89PNG\r\n\x1a\n" + b"0" * 40), "ContentType": "image/png", "ContentLength": 48, "ContentID": "photo"},
        ],
        **other,
    }  # fmt: skip
    if raw is not None:
        given["RawEmail"] = raw.decode()
    return as_json(given)


def postmark_bounce(recipient: str, kind: str = "HardBounce", **other: Any) -> Post:
    return as_json({
        "RecordType": "Bounce", "Type": kind, "TypeCode": 1, "MessageID": "00000000-0000-4000-8000-000000000002", "ID": 42, "Email": recipient,
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist", "Description": "The server was unable to deliver.",
        "BouncedAt": "2026-11-30T09:00:00Z", "Inactive": True, **other,
    })  # fmt: skip


# --- Mailgun --------------------------------------------------------------------------------------


def mailgun_signature(key: str = "key") -> dict[str, str]:
    timestamp, token = "1764493200", "t" * 50
    return {"timestamp": timestamp, "token": token, "signature": hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()}  # fmt: skip


def mailgun(key: str = "key", **other: Any) -> Post:
    headers = [["From", "Ada <ada@example.com>"], ["To", "support@acme.example"], ["Subject", "Broken lamp"],
               ["Message-Id", "<mailgun-1@example.com>"], ["Content-Type", 'multipart/mixed; boundary="x"']]  # fmt: skip
    return as_form({
        **mailgun_signature(key), "recipient": "support@acme.example", "sender": "ada@example.com", "subject": "Broken lamp", "from": "Ada <ada@example.com>",
        "body-plain": "My lamp is broken.", "body-html": "<p>My lamp is broken.</p>", "stripped-text": "My lamp is broken.", "message-headers": json.dumps(headers),
        "attachment-count": "1", "attachment-1": SimpleUploadedFile("büro.txt", b"the office", "text/plain"), **other,
    })  # fmt: skip


def mailgun_mime(raw: bytes, key: str = "key") -> Post:
    return as_form(
        {
            **mailgun_signature(key),
            "recipient": "support@acme.example",
            "sender": "ada@example.com",
            "body-mime": raw.decode("latin-1"),
        }
    )


def mailgun_failure(recipient: str, message_id: str, severity: str = "permanent") -> Post:
    return as_json({
        "signature": mailgun_signature(),
        "event-data": {
            "event": "failed", "severity": severity, "reason": "bounce", "recipient": recipient, "timestamp": 1764493200.0,
            "message": {"headers": {"message-id": message_id.strip("<>"), "to": recipient}},
            "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "No such user here", "description": ""},
        },
    })  # fmt: skip


# --- SendGrid -------------------------------------------------------------------------------------


def sendgrid(**other: Any) -> Post:
    return as_form({
        "headers": "Received: by x\n with y\nFrom: Ada <ada@example.com>\nTo: support@acme.example\nSubject: Broken lamp\nMessage-ID: <sendgrid-1@example.com>\n",
        "text": "My lamp is broken.", "html": "<p>My lamp is broken.</p>", "from": "Ada <ada@example.com>", "to": "support@acme.example", "subject": "Broken lamp",
        "envelope": json.dumps({"to": ["support@acme.example"], "from": "ada@example.com"}), "charsets": json.dumps({"text": "utf-8", "html": "utf-8"}),
        "attachments": "1", "attachment-info": json.dumps({"attachment1": {"filename": "a.txt", "name": "a.txt", "type": "text/plain"}}),
        "attachment1": SimpleUploadedFile("a.txt", b"hi", "text/plain"), **other,
    })  # fmt: skip


def sendgrid_raw(raw: str) -> Post:
    return as_form({"email": raw, "to": "support@acme.example", "from": "ada@example.com", "spam_score": "0.1",
                    "envelope": json.dumps({"to": ["support@acme.example"], "from": "ada@example.com"})})  # fmt: skip


def sendgrid_events(*events: dict[str, Any]) -> Post:
    return as_json([{"timestamp": 1764493200, "sg_event_id": "e", **event} for event in events])


# --- Amazon ---------------------------------------------------------------------------------------


def ses_received(raw: bytes, **receipt: Any) -> dict[str, Any]:
    return {
        "notificationType": "Received", "content": b64(raw),
        "mail": {"messageId": "sid", "source": "ada@example.com", "timestamp": "2026-11-30T09:00:00.000Z", "commonHeaders": {}},
        "receipt": {"recipients": ["support@acme.example"], "action": {"type": "SNS", "encoding": "BASE64"}, "spamVerdict": {"status": "PASS"}, **receipt},
    }  # fmt: skip


def ses_bounce(recipient: str, message_id: str, kind: str = "Permanent") -> dict[str, Any]:
    return {
        "notificationType": "Bounce",
        "bounce": {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": recipient, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]},
        "mail": {"messageId": "ses-own-id", "source": "support@acme.example", "destination": [recipient], "headers": [{"name": "Message-ID", "value": message_id}]},
    }  # fmt: skip


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
