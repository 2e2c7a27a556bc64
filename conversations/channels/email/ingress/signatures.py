"""Whether a call was made by the provider: by a password, or by a signature with a key that the mailbox holds."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from conversations.channels.email import webhook_keys
from conversations.channels.email.ingress.brought import Refused
from conversations.channels.email.ingress.calls import Call
from conversations.channels.email.webhook_keys import MAILGUN, PASSWORD, RESEND, SENDGRID

_PROVES = (PASSWORD, MAILGUN, SENDGRID, RESEND)


def check(call: Call, secrets: Mapping[str, Any], own: str | None) -> None:
    """Raises Refused for a call that a secret of the mailbox does not vouch for; `own` is the one of its provider.

    Without any, the address is the only secret. With one, a call that none of them could vouch for is refused as well.
    """
    held = [name for name in _PROVES if secrets.get(name)]
    if not held:
        return
    if PASSWORD in held:
        _check_password(call, str(secrets[PASSWORD]))
    if own in held:
        if not _BY[own](call, str(secrets[own])):
            raise Refused("A call of the webhook had a wrong signature: the signing key may be another one by now.")
    elif PASSWORD not in held:
        raise Refused("A call of the webhook had no signature that the mailbox's signing key belongs to.")


def _check_password(call: Call, wanted: str) -> None:
    if not call.password:
        raise Refused("A call of the webhook came without its password.", status=401)
    if not hmac.compare_digest(call.password.encode(), wanted.encode()):
        raise Refused("A call of the webhook came with a wrong password.", status=401)


def _by_mailgun(call: Call, key: str) -> bool:
    signed = call.object.get("signature")
    if isinstance(signed, dict):
        token, timestamp, given = (str(signed.get(name, "")) for name in ("token", "timestamp", "signature"))
    else:
        token, timestamp, given = (call.form.text(name) for name in ("token", "timestamp", "signature"))
    wanted = hmac.new(key.encode(), f"{timestamp}{token}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _by_sendgrid(call: Call, key: str) -> bool:
    from cryptography.exceptions import InvalidSignature  # few desks need it
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    known, timestamp = webhook_keys.elliptic(key), call.headers.get("X-Twilio-Email-Event-Webhook-Timestamp", "")
    given = webhook_keys.decoded(call.headers.get("X-Twilio-Email-Event-Webhook-Signature", ""))
    if known is None or given is None:
        return False
    try:
        known.verify(given, timestamp.encode() + call.body, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _by_resend(call: Call, key: str) -> bool:
    """As Svix signs: several signatures, of which one has to be right while keys are exchanged."""
    signed = f"{call.headers.get('Svix-Id', '')}.{call.headers.get('Svix-Timestamp', '')}.".encode() + call.body
    expected = base64.b64encode(
        hmac.new(webhook_keys.decoded(key.removeprefix("whsec_")) or b"", signed, hashlib.sha256).digest()
    )
    given = (one.partition(",")[2] for one in call.headers.get("Svix-Signature", "").split(" "))
    return any(hmac.compare_digest(one.encode(), expected) for one in given)


_BY = {MAILGUN: _by_mailgun, SENDGRID: _by_sendgrid, RESEND: _by_resend}
