"""The providers, each a module: whether a call looks like one of its own, which secret signs it, and what it brings.

For: everything that only one provider has. In: a `Call`. Out: what it `Brought`, or why it is refused or not understood.
The view may import the package; providers do not know each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conversations.channels.email.ingress.brought import Brought, NotUnderstood, Refused
from conversations.channels.email.ingress.calls import Call
from conversations.channels.email.ingress.providers import amazon_ses, mailgun, mime, postmark, resend, sendgrid

__all__ = ["ALL", "NotUnderstood", "Provider", "Refused", "named", "of"]


@dataclass(frozen=True, slots=True)
class Provider:
    """`read` raises Refused for a call that is not the provider's, and NotUnderstood for one that it cannot read."""

    name: str
    recognises: Callable[[Call], bool]
    read: Callable[[Call], Brought]
    key: str | None = None
    """The secret of the mailbox by which its calls are signed."""


ALL: Mapping[str, Provider] = {
    one.name: one
    for one in (
        Provider("amazon_ses", amazon_ses.recognises, amazon_ses.read),
        Provider("resend", resend.recognises, resend.read, resend.KEY),
        Provider("postmark", postmark.recognises, postmark.read),
        Provider("mailgun", mailgun.recognises, mailgun.read, mailgun.KEY),
        Provider("sendgrid", sendgrid.recognises, sendgrid.read, sendgrid.KEY),
        # The last: whatever looks like a mail.
        Provider("mime", mime.recognises, mime.read),
    )
}

ALIASES: Mapping[str, str] = {"ses": "amazon_ses", "mailgun_mime": "mailgun"}
"""Other names in the address. Mailgun posts whole mails to an address that ends in "mime"."""


def named(name: str) -> Provider | None:
    """The provider of that name."""
    return ALL.get(ALIASES.get(name, name))


def of(call: Call) -> Provider | None:
    """The provider whose call it looks like."""
    return next((one for one in ALL.values() if one.recognises(call)), None)
