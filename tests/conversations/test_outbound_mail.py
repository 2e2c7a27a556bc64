"""A reply in a conversation that came by mail leaves as mail, and members are notified of what is assigned to them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from procrastinate.contrib.django import app

from accounts import clock, journal, mailing
from accounts.models import QueuedMail, Workspace
from conversations import actions
from conversations.actions.entries import Door
from conversations.channels import outbox
from conversations.models import Channel, Conversation, Delivery, DeliveryState, DeliveryStatus, Message
from tests.conftest import Member
from tests.factories import ConversationFactory, receive

pytestmark = pytest.mark.usefixtures("in_acme")


def by_mail(workspace: Workspace, **values: Any) -> Conversation:
    return ConversationFactory(workspace=workspace, door=Door(Channel.EMAIL, "email"), **values)


def queued() -> list[tuple[str, dict[str, Any]]]:
    """The mails that wait after all reactions have run."""
    journal.drain()
    return [(row.kind, row.about) for row in QueuedMail.objects.order_by("pk")]


def on_their_way() -> list[int | None]:
    """The messages that wait in the outbox after all reactions have run."""
    journal.drain()
    return list(
        Delivery.objects.filter(state=DeliveryState.SENDING).order_by("pk").values_list("message_id", flat=True)
    )


def text(sent: Any) -> str:
    """What its writer wrote: the first line of a mail."""
    return str(sent.body).partition("\n")[0]


def test_reply_is_mailed_once_in_the_customers_thread(acme: Workspace, ben: Member) -> None:
    conversation = by_mail(acme, subject="Where is\r\nBcc: everyone@example.com my order?")
    message = actions.reply(conversation=conversation, body="On its way.", by=ben.actor, at=clock.now())
    assert on_their_way() == [message.pk]
    outbox.deliver_due()
    assert on_their_way() == []
    outbox.deliver_due()
    (sent,) = mail.outbox
    assert sent.to == [conversation.contact.email]
    assert sent.subject == "Re: Where is Bcc: everyone@example.com my order?"
    assert text(sent) == "On its way."
    assert "Ben · Acme" in sent.extra_headers["From"]
    first = Message.objects.earliest("pk")
    headers = sent.message()
    assert str(first.public_id) in headers["In-Reply-To"]
    assert str(message.public_id) in headers["Message-ID"]


def test_mail_has_the_markdown_of_its_writer_as_text_and_formatted_as_html(acme: Workspace, ben: Member) -> None:
    body = "Hi **Ada**,\n- [track it](https://a.example/t)\n- [no](javascript:alert(1))\n<img src=x>"
    actions.reply(conversation=by_mail(acme, body="I **asked**"), body=body, by=ben.actor, at=clock.now())
    outbox.deliver_due()
    (sent,) = mail.outbox
    assert body in sent.body
    html = sent.alternatives[0].content
    assert "Hi <strong>Ada</strong>," in html
    assert '<ul dir="auto"><li><a target="_blank" href="https://a.example/t"' in html
    assert "<li>[no](javascript:alert(1))</li>" in html
    assert "&lt;img src=x&gt;" in html
    assert "I **asked**" in html  # quoted as its customer wrote it


def test_mail_names_the_last_ten_messages_before_it_and_no_note(acme: Workspace, ben: Member) -> None:
    conversation = by_mail(acme)
    act: Any = {"conversation": conversation, "by": ben.actor, "at": clock.now()}
    earlier = [actions.reply(body=f"Reply {number}.", **act) for number in range(11)]
    actions.note(body="Internal", **act)
    last = actions.reply(body="The last.", **act)
    outbox.deliver_due()
    sent = next(one for one in mail.outbox if text(one) == "The last.").message()
    assert sent["Message-ID"].startswith(f"<{last.public_id}@")
    names = [name.strip("<>").partition("@")[0] for name in sent["References"].split()]
    assert names == [str(one.public_id) for one in earlier[1:]]
    assert sent["In-Reply-To"] == sent["References"].split()[-1]


def test_each_of_several_mails_carries_its_own_files(acme: Workspace, ben: Member) -> None:
    for name in ("one", "two"):
        upload = ContentFile(name.encode(), name=f"{name}.txt")
        actions.reply(conversation=by_mail(acme), body=name, uploads=[upload], by=ben.actor, at=clock.now())
    outbox.deliver_due()
    assert [(text(one), [file[:2] for file in one.attachments]) for one in mail.outbox] == [
        ("one", [("one.txt", b"one")]),
        ("two", [("two.txt", b"two")]),
    ]


def test_notes_and_replies_on_other_channels_are_not_mailed(acme: Workspace, ben: Member) -> None:
    mailed, chat = by_mail(acme), ConversationFactory(workspace=acme, channel=Channel.CHAT)
    actions.note(conversation=mailed, body="Internal", by=ben.actor, at=clock.now())
    receive(mailed)
    actions.reply(conversation=chat, body="Hello", by=ben.actor, at=clock.now())
    assert on_their_way() == []
    assert queued() == [("chat_unseen", {"conversation_id": chat.pk})]  # it is looked at again, in case nobody sees it


def test_reply_that_is_gone_is_not_mailed(acme: Workspace, ben: Member) -> None:
    message = actions.reply(conversation=by_mail(acme), body="Hello", by=ben.actor, at=clock.now())
    assert on_their_way() == [message.pk]
    Message.objects.filter(pk=message.pk).delete()
    outbox.deliver_due()
    assert (mail.outbox, on_their_way()) == ([], [])


def test_what_an_earlier_version_queued_goes_out_once(acme: Workspace, ada: Member, ben: Member) -> None:
    by, texts = {"by": ben.actor, "at": clock.now()}, ("as a mail", "as a job", "not at all")
    mailed, job, neither = (actions.reply(conversation=by_mail(acme), body=one, **by) for one in texts)
    Delivery.objects.all().delete()  # it knew no outbox
    Message.objects.update(delivery_status=DeliveryStatus.DELIVERED)
    QueuedMail.objects.create(workspace=acme, kind="reply", about={"message_id": mailed.pk})
    app.tasks["mail_reply"](workspace_id=acme.pk, message_id=job.pk)
    mailing.send_due()
    assert on_their_way() == [job.pk, mailed.pk, neither.pk]  # its event waited for its reactions
    mailing.send_due()
    outbox.deliver_due()
    assert sorted(map(text, mail.outbox)) == sorted(texts)
    assert on_their_way() == []


def test_job_of_an_assignment_that_an_earlier_version_queued_is_sent_as_a_mail(
    acme: Workspace, ada: Member, ben: Member
) -> None:
    conversation = by_mail(acme, subject="Help")
    actions.assign(conversation=conversation, to=ada.user, by=ben.actor, at=clock.now())
    app.tasks["mail_assignment"](workspace_id=acme.pk, conversation_id=conversation.pk, user_id=ada.user.pk)
    mailing.send_due()
    assert [one.to for one in mail.outbox] == [[ada.user.email]]
