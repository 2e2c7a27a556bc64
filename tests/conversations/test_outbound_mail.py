"""A reply in a conversation that came by mail leaves as mail, and members are notified of what is assigned to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts import clock, journal, mailing
from accounts.models import Event, QueuedMail, Workspace
from conversations import actions
from conversations.actions.entries import Door
from conversations.models import Channel, Conversation, DeliveryStatus, Message
from tests.conftest import Member
from tests.factories import ConversationFactory, receive

pytestmark = pytest.mark.usefixtures("in_acme")


def by_mail(workspace: Workspace, **values: Any) -> Conversation:
    return ConversationFactory(workspace=workspace, door=Door(Channel.EMAIL, "email"), **values)


def queued() -> list[tuple[str, dict[str, Any]]]:
    """The mails that wait after all reactions have run."""
    journal.drain()
    return [(row.kind, row.about) for row in QueuedMail.objects.order_by("pk")]


def test_reply_is_mailed_once_in_the_customers_thread(acme: Workspace, ben: Member) -> None:
    conversation = by_mail(acme, subject="Where is\r\nBcc: everyone@example.com my order?")
    message = actions.reply(conversation=conversation, body="On its way.", by=ben.actor, at=clock.now())
    assert queued() == [("reply", {"message_id": message.pk})]
    mailing.send_due()
    assert queued() == []
    (sent,) = mail.outbox
    assert sent.to == [conversation.contact.email]
    assert sent.subject == "Re: Where is Bcc: everyone@example.com my order?"
    assert sent.body == "On its way."
    assert "Ben · Acme" in sent.from_email
    first = Message.objects.earliest("pk")
    headers = sent.message()
    assert str(first.public_id) in headers["In-Reply-To"]
    assert str(message.public_id) in headers["Message-ID"]


def test_mail_names_the_last_ten_messages_before_it_and_no_note(acme: Workspace, ben: Member) -> None:
    conversation = by_mail(acme)
    act: Any = {"conversation": conversation, "by": ben.actor, "at": clock.now()}
    earlier = [actions.reply(body=f"Reply {number}.", **act) for number in range(11)]
    actions.note(body="Internal", **act)
    last = actions.reply(body="The last.", **act)
    queued()
    mailing.send_due()
    sent = next(one for one in mail.outbox if one.body == "The last.").message()
    assert sent["Message-ID"].startswith(f"<{last.public_id}@")
    names = [name.strip("<>").partition("@")[0] for name in sent["References"].split()]
    assert names == [str(one.public_id) for one in earlier[1:]]
    assert sent["In-Reply-To"] == sent["References"].split()[-1]


def test_each_of_several_mails_carries_its_own_files(acme: Workspace, ben: Member) -> None:
    for text in ("one", "two"):
        upload = ContentFile(text.encode(), name=f"{text}.txt")
        actions.reply(conversation=by_mail(acme), body=text, uploads=[upload], by=ben.actor, at=clock.now())
    queued()
    mailing.send_due()
    assert [(one.body, [file[:2] for file in one.attachments]) for one in mail.outbox] == [
        ("one", [("one.txt", b"one")]),
        ("two", [("two.txt", b"two")]),
    ]


def test_notes_and_replies_on_other_channels_are_not_mailed(acme: Workspace, ben: Member) -> None:
    mailed, chat = by_mail(acme), ConversationFactory(workspace=acme, channel=Channel.CHAT)
    actions.note(conversation=mailed, body="Internal", by=ben.actor, at=clock.now())
    receive(mailed)
    actions.reply(conversation=chat, body="Hello", by=ben.actor, at=clock.now())
    assert queued() == []


def test_reply_that_is_gone_is_not_mailed(acme: Workspace, ben: Member) -> None:
    message = actions.reply(conversation=by_mail(acme), body="Hello", by=ben.actor, at=clock.now())
    assert len(queued()) == 1
    QueuedMail.objects.update(about={"message_id": message.pk + 1})
    mailing.send_due()
    assert (mail.outbox, queued()) == ([], [])


def test_reply_that_cannot_be_sent_is_retried_and_then_marked_in_the_thread(
    acme: Workspace, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = actions.reply(conversation=by_mail(acme), body="Hello", by=ben.actor, at=clock.now())

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    queued()
    for _ in range(mailing.ATTEMPTS):
        assert Message.objects.get(pk=message.pk).delivery_status == DeliveryStatus.DELIVERED
        mailing.send_due()
        QueuedMail.objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert Message.objects.get(pk=message.pk).delivery_status == DeliveryStatus.FAILED
    assert Event.objects.filter(type="message.delivery_changed").count() == 1
    assert queued() == []


def test_assignee_is_notified_by_mail_unless_it_was_their_own_doing(acme: Workspace, ada: Member, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme, subject="Help")
    actions.assign(conversation=conversation, to=ben.user, by=ben.actor, at=clock.now())
    assert queued() == []
    actions.assign(conversation=conversation, to=ada.user, by=ben.actor, at=clock.now())
    ((kind, about),) = queued()
    assert (kind, about["user_id"]) == ("assignment", ada.user.pk)
    mailing.send_due()
    assert mail.outbox[0].to == [ada.user.email]
    assert "/w/acme/inbox/1" in mail.outbox[0].body


def test_assignment_that_was_taken_back_is_not_mailed(acme: Workspace, ada: Member, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme, subject="Help")
    actions.assign(conversation=conversation, to=ada.user, by=ben.actor, at=clock.now())
    assert len(queued()) == 1
    actions.assign(conversation=conversation, to=None, by=ben.actor, at=clock.now())
    mailing.send_due()
    assert (mail.outbox, queued()) == ([], [])


def test_jobs_that_an_earlier_version_queued_are_sent_as_mails(acme: Workspace, ada: Member, ben: Member) -> None:
    conversation = by_mail(acme, subject="Help")
    message = actions.reply(conversation=conversation, body="Hello", by=ben.actor, at=clock.now())
    actions.assign(conversation=conversation, to=ada.user, by=ben.actor, at=clock.now())
    app.tasks["mail_reply"](workspace_id=acme.pk, message_id=message.pk)
    app.tasks["mail_assignment"](workspace_id=acme.pk, conversation_id=conversation.pk, user_id=ada.user.pk)
    mailing.send_due()
    assert [one.to for one in mail.outbox] == [[conversation.contact.email], [ada.user.email]]
