"""Amazon SNS: whether Amazon signed a message, and where a subscription is confirmed.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache

from conversations.channels.email.ingress import fetching
from conversations.channels.email.ingress.brought import Refused
from conversations.channels.email.ingress.calls import text

_HOST = re.compile(r"sns\.[a-z0-9-]{3,30}\.amazonaws\.com(?:\.cn)?")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_KEPT = 24 * 3600  # seconds that a certificate is kept
_LARGEST = 64 * 1024  # bytes of one
_TIMEOUT = 5.0  # seconds: Amazon waits 15 for an answer


def check(message: dict[str, Any]) -> None:
    """Raises Refused for a message that Amazon did not sign, and `fetching.Unreachable` where its certificate cannot be had."""
    if not _is_signed(message):
        raise Refused("A call of the webhook was not signed by Amazon SNS.")


def subscribe_url(message: dict[str, Any]) -> str:
    """Where the subscription is confirmed. Raises Refused for an address that is not Amazon's."""
    url = text(message.get("SubscribeURL"))
    if not is_of_amazon(url):
        raise Refused("A subscription was to be confirmed at an address that is not Amazon's.")
    return url


def is_of_amazon(url: str) -> bool:
    """Whether it is an https address of SNS itself."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and parts.netloc == parts.hostname and bool(_HOST.fullmatch(parts.netloc))
    except ValueError:
        return False


def _is_signed(message: dict[str, Any]) -> bool:
    from cryptography import x509  # few desks need it
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    url = text(message.get("SigningCertURL")) or text(message.get("SigningCertUrl"))
    names = _SIGNED.get(text(message.get("Type")))
    if names is None or not is_of_amazon(url) or not urlsplit(url).path.endswith(".pem"):
        return False
    signed = "".join(f"{name}\n{text(message[name])}\n" for name in names if name in message)
    used: hashes.HashAlgorithm = hashes.SHA256() if message.get("SignatureVersion") == "2" else hashes.SHA1()  # noqa: S303
    try:
        key = x509.load_pem_x509_certificate(_certificate(url)).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        given = base64.b64decode(text(message.get("Signature")))
        key.verify(given, signed.encode("utf-8", "surrogatepass"), padding.PKCS1v15(), used)
    except (ValueError, InvalidSignature):
        return False
    return True


def kept_as(url: str) -> str:
    """The name of a certificate in the cache."""
    return f"sns-{sha256(url.encode()).hexdigest()}"


def _certificate(url: str) -> bytes:
    name = kept_as(url)
    kept = cache.get(name)
    if isinstance(kept, bytes):
        return kept
    found = fetching.get(url, largest=_LARGEST, timeout=_TIMEOUT)
    if found.status == 200:
        cache.set(name, found.content, _KEPT)
    return found.content
