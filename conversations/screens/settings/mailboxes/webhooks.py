"""What to do at each provider, so that it posts mails to the address of a mailbox's webhook."""

from __future__ import annotations

from dataclasses import dataclass

from conversations.channels.email import webhook_keys


@dataclass(frozen=True, slots=True)
class Instruction:
    """The steps at one provider."""

    provider: str
    steps: tuple[str, ...]
    keys: tuple[str, ...] = ()
    """The keys, by their names in `webhook_keys.KEYS`, by which its calls are checked, or by which mails are fetched."""


INSTRUCTIONS = (
    Instruction(
        "Amazon SES",
        (
            "Verify your domain in SES, and point its MX record to the inbound endpoint of your region.",
            "Create an SNS topic, and a receipt rule for your address that publishes to it, with encoding Base64.",
            "Add a subscription to the topic: protocol HTTPS, endpoint the address above. It is confirmed by itself.",
            "SES publishes mails of up to 150 KB this way, and returns larger ones to their senders.",
        ),
    ),
    Instruction(
        "Mailgun",
        (
            "Add your domain, and set the MX records that Mailgun shows.",
            "Under Receiving, create a route: match recipient, your address.",
            "Choose the action Forward with the address above, followed by /mailgun_mime, so that the whole mail is posted.",
            "Copy the HTTP webhook signing key of your account to the field below.",
        ),
        (webhook_keys.MAILGUN,),
    ),
    Instruction(
        "Postmark",
        (
            "Open the inbound stream of your server, then Settings.",
            "Enter the address above as the webhook, and turn on “Include raw email content in JSON payload”.",
            "Set the MX record of your domain to inbound.postmarkapp.com, or forward your address to the stream's own one.",
            "Choose a user and a password, and put user:password@ in front of the host in the webhook there, too.",
        ),
        (webhook_keys.PASSWORD,),
    ),
    Instruction(
        "SendGrid",
        (
            "Set the MX record of a subdomain to mx.sendgrid.net.",
            "Under Settings, Inbound Parse, add that host with the address above.",
            "Turn on “POST the raw, full MIME message”.",
            "If you sign the webhook with a security policy, copy its public key to the field below.",
        ),
        (webhook_keys.SENDGRID,),
    ),
    Instruction(
        "Resend",
        (
            "Add your domain, and turn on receiving: set the MX record that Resend shows.",
            "Under Webhooks, add the address above for the event email.received.",
            "Copy the signing secret of the webhook to the field below, and an API key with full access: it fetches the mails.",
        ),
        (webhook_keys.RESEND, webhook_keys.RESEND_API),
    ),
)

KEY_TITLES = {
    webhook_keys.PASSWORD: "User and password (user:password)",
    webhook_keys.MAILGUN: "HTTP webhook signing key",
    webhook_keys.SENDGRID: "Public key of the security policy",
    webhook_keys.RESEND: "Signing secret (whsec_…)",
    webhook_keys.RESEND_API: "API key",
}
