"""What to do at each provider, so that it posts mails to the address of a mailbox's webhook."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instruction:
    """The steps at one provider."""

    provider: str
    steps: tuple[str, ...]


INSTRUCTIONS = (
    Instruction(
        "Amazon SES",
        (
            "Verify your domain in SES, and point its MX record to the inbound endpoint of your region.",
            "Create an SNS topic, and a receipt rule for your address that publishes to it, with encoding Base64.",
            "Add a subscription to the topic: protocol HTTPS, endpoint the address above. It is confirmed by itself.",
        ),
    ),
    Instruction(
        "Mailgun",
        (
            "Add your domain, and set the MX records that Mailgun shows.",
            "Under Receiving, create a route: match recipient, your address.",
            "Choose the action Forward with the address above, so that the original mail is posted.",
        ),
    ),
    Instruction(
        "Postmark",
        (
            "Open the inbound stream of your server, then Settings.",
            "Enter the address above as the webhook, and turn on “Include raw email content in JSON payload”.",
            "Set the MX record of your domain to inbound.postmarkapp.com, or forward your address to the stream's own one.",
        ),
    ),
    Instruction(
        "SendGrid",
        (
            "Set the MX record of a subdomain to mx.sendgrid.net.",
            "Under Settings, Inbound Parse, add that host with the address above.",
            "Turn on “POST the raw, full MIME message”.",
        ),
    ),
    Instruction(
        "Resend",
        (
            "Add your domain, and turn on receiving: set the MX record that Resend shows.",
            "Under Webhooks, add the address above for the event email.received.",
            "Create an API key with full access, which fetches the mails that Resend announces.",
        ),
    ),
)
