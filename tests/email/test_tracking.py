"""What providers report about mails of the desk: marked on the message, and the address gets no more."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.channels.email import ids, tokens
from conversations.models import (
    Contact,
    Delivery,
    DeliveryState,
    DeliveryStatus,
    Inbound,
    InboundMail,
    Mailbox,
    Message,
    SuppressedAddress,
)
from tests.conftest import Member
from tests.email import calls
from tests.email.letters import letter
from tests.factories import MailboxFactory

pytestmark = pytest.mark.usefixtures("in_acme")
ADA = "ada@example.com"


@pytest.fixture
def mailbox(acme: Workspace) -> Mailbox:
    return MailboxFactory(workspace=acme, address="support@acme.example", inbound=Inbound.INGRESS)


@pytest.fixture
def sent(mailbox: Mailbox, ben: Member) -> Message:
    """A reply that has left."""
    calls.post(mailbox, calls.bare(letter()))
    conversation = InboundMail.objects.get().conversation
    assert conversation is not None
    message = actions.reply(conversation=conversation, body="We send a new one.", by=ben.actor, at=clock.now())
    by = Actor.system(mailbox.workspace_id)
    actions.mark_sent(delivery=Delivery.objects.get(message=message), by=by, at=clock.now())
    return message


def state(message: Message) -> tuple[str, str]:
    return Message.objects.get(pk=message.pk).delivery_status or "", Delivery.objects.get(message=message).state


FAILED = (DeliveryStatus.FAILED, DeliveryState.FAILED)
SENT = (DeliveryStatus.DELIVERED, DeliveryState.SENT)


def suppressed() -> list[str]:
    return list(SuppressedAddress.objects.values_list("address", flat=True))


def bounces(message: Message, recipient: str = ADA) -> dict[str, calls.Post]:
    own = ids.message_id(message.public_id, "support@acme.example")
    return {
        "postmark": calls.postmark_bounce(recipient),
        "mailgun": calls.mailgun_failure(recipient, own),
        "sendgrid": calls.sendgrid_events(
            {"event": "processed", "email": recipient, "smtp-id": own},
            {"event": "bounce", "type": "bounce", "email": recipient, "smtp-id": own, "reason": "550 5.1.1 unknown", "status": "5.1.1"},
        ),
        "amazon_ses": calls.as_json(calls.ses_bounce(recipient, own)),
        "resend": calls.as_json({
            "type": "email.bounced", "created_at": "2026-11-30T09:00:00Z",
            "data": {"email_id": "e", "to": [recipient], "message_id": own, "bounce": {"type": "Permanent", "message": "550 5.1.1 no such user"}},
        }),
    }  # fmt: skip


@pytest.mark.parametrize("provider", ["postmark", "mailgun", "sendgrid", "amazon_ses", "resend"])
def test_bounce_marks_the_message_and_the_address(mailbox: Mailbox, sent: Message, provider: str) -> None:
    assert state(sent) == SENT
    for _ in range(2):
        assert calls.post(mailbox, bounces(sent)[provider]).status_code == 200
    assert (state(sent), suppressed()) == (FAILED, [ADA])
    delivery = Delivery.objects.get(message=sent)
    assert (delivery.code, delivery.reason) == ("bounced", "The address does not exist.")
    assert InboundMail.objects.count() == 1


def test_message_is_found_by_the_return_address_that_amazon_names(mailbox: Mailbox, sent: Message) -> None:
    Contact.objects.update(email="other@example.com")
    notice = calls.ses_bounce(ADA, "<rewritten@amazonses.com>")
    notice["mail"]["source"] = tokens.address("support@acme.example", tokens.Kind.RETURN, sent.pk)
    calls.post(mailbox, calls.as_json(notice))
    assert state(sent) == FAILED


SOFT: list[Any] = [
    lambda own: calls.postmark_bounce(ADA, "SoftBounce"),
    lambda own: calls.as_json(calls.ses_bounce(ADA, own, "Transient")),
    lambda own: calls.sendgrid_events({"event": "bounce", "type": "blocked", "email": ADA, "smtp-id": own}),
]


@pytest.mark.parametrize("number", range(len(SOFT)))
def test_bounce_that_may_pass_fails_the_message_and_leaves_the_address(
    mailbox: Mailbox, sent: Message, number: int
) -> None:
    calls.post(mailbox, SOFT[number](ids.message_id(sent.public_id)))
    assert (state(sent), suppressed()) == (FAILED, [])


def test_complaint_leaves_the_message_and_suppresses_the_address(mailbox: Mailbox, sent: Message) -> None:
    notice = {
        "notificationType": "Complaint",
        "complaint": {"complainedRecipients": [{"emailAddress": ADA}], "complaintFeedbackType": "abuse"},
        "mail": {"messageId": "x", "destination": [ADA]},
    }
    calls.post(mailbox, calls.as_json(notice))
    assert (state(sent), suppressed()) == (SENT, [ADA])
    assert SuppressedAddress.objects.get().reason == "The recipient reported our mail as spam."


def test_what_is_delayed_delivered_or_opened_changes_nothing(mailbox: Mailbox, sent: Message) -> None:
    own = ids.message_id(sent.public_id)
    reports = [
        calls.mailgun_failure(ADA, own, severity="temporary"),
        calls.sendgrid_events(*({"event": name, "email": ADA, "smtp-id": own} for name in ("delivered", "open", "deferred"))),
        calls.as_json({"RecordType": "Delivery", "MessageID": "x", "Recipient": ADA, "DeliveredAt": "2026-11-30T09:00:00Z"}),
        calls.as_json({"type": "email.delivered", "data": {"to": [ADA], "message_id": own}}),
    ]  # fmt: skip
    for one in reports:
        assert calls.post(mailbox, one).status_code == 200
    assert (state(sent), suppressed()) == (SENT, [])


def test_report_about_a_mail_of_nobody_is_answered(mailbox: Mailbox, sent: Message) -> None:
    for call in bounces(sent, "stranger@example.com").values():
        if "smtp-id" not in str(call["data"]):
            assert calls.post(mailbox, call).status_code == 200
    assert "stranger@example.com" in suppressed()
