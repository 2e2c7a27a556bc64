"""The keys by which a mailbox's webhook knows its provider, and by which the desk fetches from there: secrets of the mailbox."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

PASSWORD = "webhook_password"  # noqa: S105 - the name of the secret
MAILGUN = "mailgun_signing_key"
SENDGRID = "sendgrid_public_key"
RESEND = "resend_signing_secret"
RESEND_API = "resend_api_key"
KEYS: Mapping[str, str] = {
    PASSWORD: "user:password, which the provider sends by HTTP basic authentication",
    MAILGUN: "Mailgun's HTTP webhook signing key",
    SENDGRID: "the public key of SendGrid's signed webhooks",
    RESEND: "the signing secret of the webhook at Resend (whsec_…)",
    RESEND_API: "an API key of Resend, by which the desk fetches the mails",
}
"""The secrets of a mailbox that its webhook uses, and what each of them is."""


def is_usable(name: str, value: str) -> bool:
    """Whether a key can be one at all: a slip is found when it is entered, and not when mails are refused."""
    if name == SENDGRID and value:
        return elliptic(value) is not None
    if name == RESEND and value:
        return decoded(value.removeprefix("whsec_")) is not None
    return True


def elliptic(key: str) -> Any:
    """A public key on an elliptic curve, with or without the lines around it; None for what is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    data = decoded("".join(line for line in key.split("\n") if not line.startswith("-----")))
    try:
        known = serialization.load_der_public_key(data or b"")
    except (ValueError, UnsupportedAlgorithm):
        return None
    return known if isinstance(known, ec.EllipticCurvePublicKey) else None


def decoded(value: str) -> bytes | None:
    """Base64 decoded; None for what is none."""
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return None
