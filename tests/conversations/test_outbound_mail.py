"""A reply in a conversation that came by mail leaves as mail, and members are notified of what is assigned to them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import clock, journal, tenancy
from accounts.models import Workspace
from conversations import actions
from conversations.actions.entries import Door
from conversations.channels.email import tasks as email_tasks
from conversations.models import Channel, Conversation, DeliveryStatus, Message
from conversations.notifications import tasks as notification_tasks
from tests.conftest import Member
from tests.factories import ConversationFactory, receive

pytestmark = pytest.mark.usefixtures("in_acme")


def attempt(number: int) -> Any:
    """What the worker passes to a task about this attempt."""
    return SimpleNamespace(job=SimpleNamespace(attempts=number))


def by_mail(workspace: Workspace, **values: Any) -> Conversation:
    return ConversationFactory(workspace=workspace, door=Door(Channel.EMAIL, "email"), **values)


def drain_and_collect() -> list[tuple[str, dict[str, Any]]]:
    journal.drain()
    ours = tenancy.current().pk  # tests that commit leave jobs of their workspaces behind
    jobs = ProcrastinateJob.objects.order_by("id")
    return [(job.task_name, job.args) for job in jobs if job.args.get("workspace_id") == ours]


def test_reply_is_mailed_once_in_the_customers_thread(acme: Workspace, ben: Member) -> None:
    conversation = by_mail(acme, subject="Where is\r\nBcc: everyone@example.com my order?")
    message = actions.reply(conversation=conversation, body="On its way.", by=ben.actor, at=clock.now())
    assert drain_and_collect() == [("mail_reply", {"workspace_id": acme.pk, "message_id": message.pk})]
    email_tasks.mail_reply(attempt(0), workspace_id=acme.pk, message_id=message.pk)
    (sent,) = mail.outbox
    assert sent.to == [conversation.contact.email]
    assert sent.subject == "Re: Where is Bcc: everyone@example.com my order?"
    assert sent.body == "On its way."
    assert "Ben · Acme" in sent.from_email
    first = Message.objects.earliest("pk")
    headers = sent.message()
    assert str(first.public_id) in headers["In-Reply-To"]
    assert str(message.public_id) in headers["Message-ID"]


def test_notes_and_replies_on_other_channels_are_not_mailed(acme: Workspace, ben: Member) -> None:
    mailed, chat = by_mail(acme), ConversationFactory(workspace=acme, channel=Channel.CHAT)
    actions.note(conversation=mailed, body="Internal", by=ben.actor, at=clock.now())
    receive(mailed)
    actions.reply(conversation=chat, body="Hello", by=ben.actor, at=clock.now())
    assert drain_and_collect() == []


def test_reply_that_cannot_be_sent_is_retried_and_then_marked_in_the_thread(
    acme: Workspace, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = actions.reply(conversation=by_mail(acme), body="Hello", by=ben.actor, at=clock.now())

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    with pytest.raises(email_tasks.MailDelayed):
        email_tasks.mail_reply(attempt(0), workspace_id=acme.pk, message_id=message.pk)
    assert Message.objects.get(pk=message.pk).delivery_status == DeliveryStatus.DELIVERED
    email_tasks.mail_reply(attempt(email_tasks.MAIL_ATTEMPTS - 1), workspace_id=acme.pk, message_id=message.pk)
    assert Message.objects.get(pk=message.pk).delivery_status == DeliveryStatus.FAILED


def test_assignee_is_notified_by_mail_unless_it_was_their_own_doing(acme: Workspace, ada: Member, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme, subject="Help")
    actions.assign(conversation=conversation, to=ben.user, by=ben.actor, at=clock.now())
    assert drain_and_collect() == []
    actions.assign(conversation=conversation, to=ada.user, by=ben.actor, at=clock.now())
    ((name, args),) = drain_and_collect()
    assert (name, args["user_id"]) == ("mail_assignment", ada.user.pk)
    notification_tasks.mail_assignment(**args)
    assert mail.outbox[0].to == [ada.user.email]
    assert "/w/acme/inbox/1" in mail.outbox[0].body
