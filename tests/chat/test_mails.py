"""Mails around chats: what a customer does not see goes to them once, and a chat goes to those who ask for it, not to strangers in numbers."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.core import mail

from accounts import clock, mailing
from accounts.errors import Conflict, Invalid, NotFound, UsedUp
from accounts.models import Event, QueuedMail, Workspace
from conversations import actions, channels
from conversations.actions import automatic_mails
from conversations.channels import outbox
from conversations.channels.email import receiving, transcribing
from conversations.channels.email.actions.unseen import mail_unseen
from conversations.chat import actions as chat_actions
from conversations.chat import languages
from conversations.models import (
    AutomaticMail,
    Conversation,
    Delivery,
    DeliveryState,
    DeliveryStatus,
    Handler,
    Inbound,
    Mailbox,
    MailSource,
    Message,
    Proof,
    SuppressedAddress,
)
from tests.assistant.talk import run_reactions
from tests.chat.conftest import make
from tests.chat.talking import Visitor, now, texts, work
from tests.conftest import Member
from tests.email.letters import letter
from tests.factories import MailboxFactory

pytestmark = pytest.mark.django_db

LATER = datetime(2040, 3, 5, 9, tzinfo=UTC)
"""In the future, so that PostgreSQL finds nothing due before the tests say so."""

if TYPE_CHECKING:
    from time_machine import Coordinates as Moments


@pytest.fixture(autouse=True)
def mail_server(settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"
    settings.DEFAULT_FROM_EMAIL = "Parley <desk@parley.example>"


@pytest.fixture
def moments() -> Any:
    with time_machine.travel(LATER, tick=False) as found:
        yield found


@pytest.fixture
def mailbox(in_acme: Workspace) -> Mailbox:
    return MailboxFactory(workspace=in_acme, address="support@acme.example", name="Acme Support", inbound=Inbound.DOOR)


@pytest.fixture
def visitor(in_acme: Workspace, moments: Moments) -> Visitor:
    return Visitor(make(in_acme), is_signed=True, external_id="u_41", email="mira@example.com", name="Mira Lund")


def reply(chat: Conversation, by: Member, body: str, **values: Any) -> Message:
    return actions.reply(conversation=now(chat), body=body, by=by.actor, at=clock.now(), **values)


def sent(moments: Moments, minutes: float = 0) -> list[Any]:
    """The mails that leave within so many minutes, as the worker sends them."""
    run_reactions()
    moments.shift(timedelta(minutes=minutes))
    already = len(mail.outbox)
    QueuedMail.objects.filter(due_at__lte=clock.now()).update(due_at="2026-01-01T00:00Z")
    mailing.send_due()
    Delivery.objects.filter(state=DeliveryState.SENDING).update(due_at="2026-01-01T00:00Z")
    outbox.deliver_due()
    return list(mail.outbox[already:])


def test_replies_that_were_not_seen_for_ten_minutes_go_in_one_mail_whose_answer_joins_the_chat(
    visitor: Visitor, mailbox: Mailbox, ben: Member, ada: Member, moments: Moments
) -> None:
    chat = visitor.starts("My lamp is broken")
    reply(chat, ben, "Which **lamp** is it?")
    actions.note(conversation=chat, body="A secret of ours.", by=ben.actor, at=clock.now())
    assert not sent(moments, 6)
    last = reply(chat, ada, "And since when?")
    assert not sent(moments, 3)
    [one] = sent(moments, 2)
    assert (one.to, one.subject) == (["mira@example.com"], "Re: My lamp is broken")
    assert one.extra_headers["Message-ID"] == f"<{last.public_id}@acme.example>"
    assert re.fullmatch(r"support\+[a-z2-7]{26}@acme\.example", one.extra_headers["Reply-To"])
    text, html = one.body, one.alternatives[0][0]
    assert text.index("Ben:\nWhich **lamp**") < text.index("Ada:\nAnd since when?")
    assert transcribing.all_words()["de"]["answer"] in text
    assert transcribing.all_words()["de"]["answer"] in html
    assert "secret" not in text + html
    assert Message.objects.get(pk=last.pk).delivery_status == DeliveryStatus.DELIVERED
    assert not sent(moments, 60)  # not twice

    raw = letter("It is the green one.", sender="Mira <mira@example.com>", to=one.extra_headers["Reply-To"])
    received = receiving.accept(mailbox=mailbox, raw=raw, source=MailSource.COMMAND)
    assert (received.proof, received.conversation) == (Proof.REPLY_ADDRESS, chat)
    assert texts(chat)[-1] == ("customer", "It is the green one.")

    # Who has answered by mail gets the next reply by mail at once, and no second time later.
    assert channels.route(now(chat)) == "email"
    reply(chat, ben, "Thank you!")
    [one] = sent(moments)
    assert "Thank you!" in one.body
    assert "Which" not in one.body
    assert not sent(moments, 30)

    # Back in the chat, they see replies there.
    visitor.writes(chat, "I am back here")
    assert channels.route(now(chat)) is None
    reply(chat, ben, "Welcome back")
    visitor.sees(chat)
    assert not sent(moments, 30)


def test_what_the_customer_sees_or_answers_is_not_mailed(visitor: Visitor, ben: Member, moments: Moments) -> None:
    seen, answered = visitor.starts("One"), visitor.starts("Two")
    reply(seen, ben, "Hello")
    reply(answered, ben, "Hello")
    run_reactions()
    moments.shift(timedelta(minutes=9))
    visitor.sees(seen)
    visitor.writes(answered, "Hello, too")
    assert not sent(moments, 5)


@pytest.mark.usefixtures("mailbox")
def test_a_reply_after_the_mail_goes_in_a_mail_of_its_own(visitor: Visitor, ben: Member, moments: Moments) -> None:
    chat = visitor.starts("My lamp is broken")
    reply(chat, ben, "Which one?")
    assert len(sent(moments, 11)) == 1
    reply(chat, ben, "Are you there?")
    [one] = sent(moments, 11)
    assert "Are you there?" in one.body
    assert "Which one?" not in one.body
    assert Delivery.objects.filter(state=DeliveryState.SENT).count() == 2


def test_a_scheduled_reply_is_mailed_like_any_other(visitor: Visitor, ben: Member, moments: Moments) -> None:
    chat = visitor.starts("My lamp is broken")
    leaving = clock.now() + timedelta(minutes=5)
    actions.schedule(conversation=chat, body="Later.", send_after=leaving, by=ben.actor, at=clock.now())
    moments.shift(timedelta(minutes=5))
    Delivery.objects.update(due_at="2026-01-01T00:00Z")
    outbox.leave_due()
    assert not sent(moments, 5)
    [one] = sent(moments, 6)
    assert "Later." in one.body
    assert Delivery.objects.get().state == DeliveryState.SENT


@pytest.mark.parametrize("reason", ["no server", "no address", "suppressed", "spam", "no reply"])
def test_no_mail_where_nobody_may_get_one(
    visitor: Visitor, ben: Member, moments: Moments, settings: Any, reason: str
) -> None:
    if reason == "no address":
        visitor = Visitor(visitor.widget, name="Nobody")
    chat = visitor.starts("My lamp is broken")
    if reason != "no reply":
        reply(chat, ben, "Which one?")
    run_reactions()
    if reason == "no server":
        settings.EMAIL_HOST = ""
    elif reason == "suppressed":
        SuppressedAddress.objects.create(workspace=visitor.widget.workspace, address="mira@example.com", reason="Gone.")
    elif reason == "spam":
        actions.mark_spam(conversation=now(chat), by=ben.actor, at=clock.now())
    assert not sent(moments, 11)
    assert not Delivery.objects.exists()


def test_a_stranger_who_states_an_address_is_not_quoted_to_it(
    visitor: Visitor, mailbox: Mailbox, ben: Member, moments: Moments
) -> None:
    stranger = Visitor(visitor.widget, email="victim@example.com", name="Buy Pills")
    reply(stranger.starts("Visit https://pills.example now"), ben, "Excuse me?")
    [one] = sent(moments, 11)
    assert one.to == ["victim@example.com"]
    assert "pills.example" not in one.body + one.alternatives[0][0]


def test_without_a_mailbox_the_mail_says_where_to_answer(visitor: Visitor, ben: Member, moments: Moments) -> None:
    reply(visitor.starts("My lamp is broken"), ben, "Which one?")
    [one] = sent(moments, 11)
    assert one.extra_headers["From"] == "Ben · Acme <desk@parley.example>"
    assert transcribing.all_words()["de"]["go_on"] in one.body


def test_two_workers_at_once_queue_one_mail(visitor: Visitor, ben: Member, moments: Moments) -> None:
    chat = visitor.starts("My lamp is broken")
    reply(chat, ben, "Which one?")
    moments.shift(timedelta(minutes=11))
    given = {"conversation": chat, "by": ben.actor.system(chat.workspace_id), "at": clock.now()}
    assert mail_unseen(**given) is not None
    assert mail_unseen(**given) is None


def test_while_the_assistant_has_the_chat_nothing_is_mailed(
    visitor: Visitor, mailbox: Mailbox, moments: Moments
) -> None:
    widget = make(visitor.widget.workspace, assistant_first=True)
    asking = Visitor(widget, is_signed=True, external_id="u_42", email="nia@example.com")
    chat = asking.starts("Does the frobnicator hum?")
    work()
    assert not sent(moments, 11)
    # The transcript can be answered: then people have it.
    chat_actions.request_transcript(conversation=chat, by=asking.actor, at=clock.now())
    [one] = sent(moments)
    raw = letter("Anybody there?", sender="Nia <nia@example.com>", to=one.extra_headers["Reply-To"])
    receiving.accept(mailbox=mailbox, raw=raw, source=MailSource.COMMAND)
    assert (now(chat).handler, texts(chat)[-1][1]) == (Handler.PEOPLE, "Anybody there?")


# --- Transcripts --------------------------------------------------------------------------------


def transcript(visitor: Visitor, chat: Conversation, **values: Any) -> str:
    return chat_actions.request_transcript(conversation=chat, by=visitor.actor, at=clock.now(), **values)


def test_transcript_holds_what_the_customer_may_see_and_goes_to_their_address_alone(
    visitor: Visitor, mailbox: Mailbox, ben: Member, moments: Moments
) -> None:
    chat = visitor.starts("My lamp <b>is</b> broken")
    reply(chat, ben, "Which one?")
    actions.note(conversation=chat, body="A secret of ours.", by=ben.actor, at=clock.now())
    assert transcript(visitor, chat, email="other@example.com") == "mira@example.com"
    [one] = sent(moments)
    assert one.to == ["mira@example.com"]
    assert one.subject == f"Ihre Unterhaltung mit Acme Support (#{chat.number})"
    assert "Sie, 2040-03-05 09:00 UTC:\nMy lamp <b>is</b> broken\n\nBen, 2040-03-05 09:00 UTC:\nWhich one?" in one.body
    html = one.alternatives[0][0]
    assert "My lamp &lt;b&gt;is&lt;/b&gt; broken" in html
    assert "secret" not in one.body + html
    raw = letter("Goes on.", sender="Mira <mira@example.com>", In_Reply_To=one.extra_headers["Message-ID"])
    assert receiving.accept(mailbox=mailbox, raw=raw, source=MailSource.COMMAND).conversation == chat
    assert Event.objects.filter(type="chat.transcript_requested").count() == 1


def test_anonymous_visitor_states_an_address_once_which_is_theirs_from_then_on(visitor: Visitor) -> None:
    anonymous = Visitor(visitor.widget)
    chat = anonymous.starts("Hello")
    for bad in ("", "  ", "no address", "a@b\x00.example", f"{'a' * 300}@example.com"):
        with pytest.raises(Invalid):
            transcript(anonymous, chat, email=bad)
    assert transcript(anonymous, chat, email=" Visitor@Example.com ") == "visitor@example.com"
    assert transcript(anonymous, now(chat), email="another@example.com") == "visitor@example.com"
    assert now(chat).contact.email == "visitor@example.com"
    assert not now(chat).contact.is_verified
    with pytest.raises(NotFound):
        transcript(Visitor(visitor.widget), chat)


def test_nobody_can_send_transcripts_in_numbers(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = visitor.starts("Hello")
    for _ in range(automatic_mails.MOST_A_DAY):
        transcript(visitor, chat)
    with pytest.raises(UsedUp):
        transcript(visitor, chat)
    monkeypatch.setattr(automatic_mails, "MOST_AN_HOUR", 5)
    for number in range(2):
        one = Visitor(visitor.widget)
        transcript(one, one.starts("Buy pills"), email=f"victim{number}@example.com")
    one = Visitor(visitor.widget)
    chat = one.starts("Buy pills")
    with pytest.raises(UsedUp):
        transcript(one, chat, email="victim9@example.com")
    assert AutomaticMail.objects.count() == 5
    assert now(chat).contact.email == ""


def test_no_transcript_where_no_mail_can_be_sent(visitor: Visitor, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    with pytest.raises(Conflict):
        transcript(visitor, visitor.starts("Hello"))


def test_every_language_of_the_widget_has_all_words_of_these_mails() -> None:
    words = transcribing.all_words()
    assert languages.names().keys() - {"en"} <= words.keys()
    for language, found in words.items():
        assert found.keys() == words["en"].keys(), language
        assert all(found.values()), language
    assert json.dumps(words, ensure_ascii=False)
