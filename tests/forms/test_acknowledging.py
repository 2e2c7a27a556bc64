"""The mail that confirms what was sent: to the address that was typed, without what was typed, and never one too many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts import clock, mailing
from accounts.models import QueuedMail, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.channels.email import actions as mailbox_actions
from conversations.models import AutomaticMail, Conversation, Inbound, Message, SuppressedAddress
from tests.forms.conftest import Visitor, make


@pytest.fixture(autouse=True)
def mail_server(settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"
    settings.DEFAULT_FROM_EMAIL = "Parley <desk@parley.example>"
    settings.PUBLIC_URL = "https://desk.example"


def sent() -> list[Any]:
    mailing.send_due()
    return list(mail.outbox)


def test_customer_gets_a_link_and_nothing_that_was_typed(visitor: Visitor) -> None:
    answer = visitor.send(subject="x", name="Buy Pills", message="Visit https://pills.example now")
    [one] = sent()
    row = Conversation.objects.get()
    assert one.to == ["mira@example.com"]
    assert one.from_email == "Acme <desk@parley.example>"
    assert one.subject == f"We have received your message · Acme (#{row.number})"
    assert "ills" not in one.subject + one.body
    assert one.extra_headers["Auto-Submitted"] == "auto-replied"
    assert one.extra_headers["Message-ID"] == f"<{Message.objects.get().public_id}@parley.example>"
    link = one.body.split("https://desk.example")[1].split()[0]
    page = Client().get(link)
    assert "Visit https://pills.example now" in page.content.decode()
    thanks = visitor.client.get(answer["Location"]).content.decode()
    assert "mira@example.com" in thanks
    assert AutomaticMail.objects.get().address == "mira@example.com"


def test_mail_of_a_callback_names_the_time_in_the_language_of_the_form(
    in_acme: Workspace, visit: Callable[..., Visitor]
) -> None:
    visitor = visit(make(in_acme, "callback", language="de", thanks="Bis gleich!"))
    visitor.send(phone="+49 30 901820", day="2026-03-03", zone="Europe/Berlin", **{"from": "09:00", "to": "10:00"})
    [one] = sent()
    assert one.subject.startswith("Wir haben Ihren Rückrufwunsch erhalten")
    assert "Bis gleich!" in one.body
    assert "Wir rufen am 3. März 2026 zwischen 09:00 und 10:00 an (Berlin)." in one.body


def test_answer_to_the_mail_finds_its_conversation(in_acme: Workspace, visitor: Visitor) -> None:
    act: Any = {"by": Actor.system(in_acme.pk), "at": clock.now()}
    mailbox_actions.create_mailbox(
        workspace=in_acme, address="help@acme.example", name="Acme help", inbound=Inbound.DOOR, **act
    )
    visitor.send()
    [one] = sent()
    assert one.from_email == "Acme help <help@acme.example>"
    assert one.extra_headers["Reply-To"].startswith("help+")
    assert one.extra_headers["Message-ID"].endswith("@acme.example>")


@pytest.mark.parametrize("reason", ["no address", "no mail server", "suppressed", "spam"])
def test_no_mail_is_sent(visitor: Visitor, in_acme: Workspace, settings: Any, reason: str) -> None:
    more: dict[str, Any] = {}
    if reason == "no mail server":
        settings.EMAIL_HOST = ""
    if reason == "suppressed":
        SuppressedAddress.objects.create(workspace=in_acme, address="mira@example.com", reason="It bounced.")
    if reason == "no address":
        visitor.form.standard["email"] = "optional"
        visitor.form.save()
        more["email"] = ""
    if reason == "spam":
        more["homepage"] = "x"
    answer = visitor.send(**more)
    assert Conversation.objects.exists()
    assert not QueuedMail.objects.exists()
    assert visitor.client.get(answer["Location"]).status_code == 200


def test_address_gets_three_in_a_day_however_often_it_is_typed(visitor: Visitor) -> None:
    for number in range(5):
        visitor.send(message=f"Number {number}")
    assert len(sent()) == 3
    assert Conversation.objects.count() == 5


def test_conversation_that_is_spam_by_now_is_not_acknowledged(visitor: Visitor) -> None:
    visitor.send()
    Conversation.objects.update(handler="nobody")
    assert sent() == []
    assert not QueuedMail.objects.exists()


def test_mails_of_fifty_are_composed_with_the_statements_of_one(
    in_acme: Workspace, visit: Callable[..., Visitor], django_assert_num_queries: Any
) -> None:
    from conversations.public import acknowledging

    visitor = visit(make(in_acme))
    for number in range(9):
        visitor.send(email=f"customer{number}@example.com")
    rows = list(QueuedMail.objects.all())
    assert len(rows) == 9
    with django_assert_num_queries(5):
        assert len(acknowledging.acknowledgements.compose(rows[:1])) == 1
    with django_assert_num_queries(5):
        assert len(acknowledging.acknowledgements.compose(rows)) == 9


def test_reply_of_the_team_goes_to_the_address_by_mail(visitor: Visitor, in_acme: Workspace) -> None:
    visitor.send()
    row = Conversation.objects.select_related("contact").get()
    message = actions.reply(conversation=row, body="On our way.", by=Actor.system(in_acme.pk), at=clock.now())
    assert message.delivery.channel == "email"
