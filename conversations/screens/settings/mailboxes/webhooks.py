"""What to do at each provider, so that it posts mails to the address of a mailbox's webhook."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from conversations.channels.email import webhook_keys


@dataclass(frozen=True, slots=True)
class Instruction:
    """The steps at one provider."""

    provider: str
    steps: tuple[str | Promise, ...]
    keys: tuple[str, ...] = ()
    """The keys, by their names in `webhook_keys.KEYS`, by which its calls are checked, or by which mails are fetched."""


INSTRUCTIONS = (
    Instruction(
        "Amazon SES",
        (
            _("Verify your domain in SES, and point its MX record to the inbound endpoint of your region."),
            _("Create an SNS topic, and a receipt rule for your address that publishes to it, with encoding Base64."),
            _(
                "Add a subscription to the topic: protocol HTTPS, endpoint the address above. It is confirmed by itself."
            ),
            _("SES publishes mails of up to 150 KB this way, and returns larger ones to their senders."),
        ),
    ),
    Instruction(
        "Mailgun",
        (
            _("Add your domain, and set the MX records that Mailgun shows."),
            _("Under Receiving, create a route: match recipient, your address."),
            _(
                "Choose the action Forward with the address above, followed by /mailgun_mime, so that the whole mail is posted."
            ),
            _("Copy the HTTP webhook signing key of your account to the field below."),
        ),
        (webhook_keys.MAILGUN,),
    ),
    Instruction(
        "Postmark",
        (
            _("Open the inbound stream of your server, then Settings."),
            _("Enter the address above as the webhook, and turn on “Include raw email content in JSON payload”."),
            _(
                "Set the MX record of your domain to inbound.postmarkapp.com, or forward your address to the stream's own one."
            ),
            _("Choose a user and a password, and put user:password@ in front of the host in the webhook there, too."),
        ),
        (webhook_keys.PASSWORD,),
    ),
    Instruction(
        "SendGrid",
        (
            _("Set the MX record of a subdomain to mx.sendgrid.net."),
            _("Under Settings, Inbound Parse, add that host with the address above."),
            _("Turn on “POST the raw, full MIME message”."),
            _("If you sign the webhook with a security policy, copy its public key to the field below."),
        ),
        (webhook_keys.SENDGRID,),
    ),
    Instruction(
        "Resend",
        (
            _("Add your domain, and turn on receiving: set the MX record that Resend shows."),
            _("Under Webhooks, add the address above for the event email.received."),
            _(
                "Copy the signing secret of the webhook to the field below, and an API key with full access: it fetches the mails."
            ),
        ),
        (webhook_keys.RESEND, webhook_keys.RESEND_API),
    ),
)

KEY_TITLES = {
    webhook_keys.PASSWORD: _("User and password (user:password)"),
    webhook_keys.MAILGUN: _("HTTP webhook signing key"),
    webhook_keys.SENDGRID: _("Public key of the security policy"),
    webhook_keys.RESEND: _("Signing secret (whsec_…)"),
    webhook_keys.RESEND_API: _("API key"),
}
