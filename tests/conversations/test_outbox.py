"""Replies that leave later: nothing shows until they do, they may be taken back, and are held when the thread has moved on."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile

from accounts import clock
from accounts.errors import Conflict, Forbidden, Invalid
from accounts.models import Event, Membership, Workspace
from accounts.permissions import Actor, Role
from conversations import actions, maintenance
from conversations.channels import outbox
from conversations.models import (
    Attachment,
    Channel,
    Conversation,
    Delivery,
    DeliveryFile,
    DeliveryState,
    DeliveryStatus,
    Message,
    Status,
)
from tests.conftest import Member
from tests.effects import nothing_changes, refused, types
from tests.factories import ConversationFactory, receive, reply
from tests.outbox import by_mail, last, leave, message_of, now, scheduled

pytestmark = pytest.mark.usefixtures("in_acme")


def act(member: Member) -> dict[str, Any]:
    return {"by": member.actor, "at": clock.now()}


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    return by_mail(acme, body="Where is it?")


def test_scheduled_reply_is_no_message_and_changes_nothing_in_its_conversation(
    conversation: Conversation, ben: Member
) -> None:
    before = Conversation.objects.filter(pk=conversation.pk).values().get()
    assert types(lambda: scheduled(conversation, ben, then=Status.RESOLVED)) == ["reply.scheduled"]
    assert Conversation.objects.filter(pk=conversation.pk).values().get() == before
    assert Message.objects.count() == 1


def test_reply_leaves_as_its_writer_when_it_is_due(conversation: Conversation, ben: Member) -> None:
    delivery = scheduled(conversation, ben, "On its way.")
    outbox.leave_due()
    assert now(delivery).state == DeliveryState.SCHEDULED, "it is not due"
    leave()
    message, row = message_of(delivery), now(conversation)
    assert (message.body, message.sender_user_id, message.sender_name) == ("On its way.", ben.user.pk, "Ben Kimura")
    assert message.delivery_status == DeliveryStatus.SENDING
    assert (row.last_message_id, row.status, row.unread_count, row.preview) == (message.pk, "pending", 0, "On its way.")
    assert (now(delivery).state, now(delivery).message_id, now(delivery).body) == ("sending", message.pk, "")
    assert Event.objects.get(type="reply.sent").actor_id == ben.user.pk
    leave()
    assert Message.objects.count() == 2, "it leaves once"


def test_reply_on_a_channel_that_takes_nothing_is_sent_as_it_leaves(acme: Workspace, ben: Member) -> None:
    delivery = scheduled(ConversationFactory(workspace=acme, channel=Channel.CHAT), ben)
    leave()
    assert now(delivery).state == DeliveryState.SENT
    assert message_of(delivery).delivery_status == DeliveryStatus.DELIVERED


def test_reply_that_resolves_does_so_when_it_leaves(conversation: Conversation, ben: Member) -> None:
    scheduled(conversation, ben, then=Status.RESOLVED)
    assert now(conversation).status == Status.OPEN
    leave()
    assert now(conversation).status == Status.RESOLVED


def test_unassigned_conversation_becomes_the_writers_when_the_reply_leaves(
    acme: Workspace, conversation: Conversation, ben: Member, ada: Member
) -> None:
    scheduled(conversation, ben)
    assert now(conversation).assignee is None
    leave()
    assert now(conversation).assignee == ben.user
    scheduled(conversation, ada)
    leave()
    assert now(conversation).assignee == ben.user


def test_files_of_a_scheduled_reply_become_those_of_its_message(conversation: Conversation, ben: Member) -> None:
    uploads = [ContentFile(b"one", name="../one.txt"), ContentFile(b"\x89PNG\r\n\x1a\n" + bytes(8), name="two.png")]
    delivery = scheduled(conversation, ben, "", uploads=uploads)
    kept = list(DeliveryFile.objects.order_by("pk").values_list("public_id", "name", "content_type", "size"))
    assert [name for _, name, *_ in kept] == ["one.txt", "two.png"]
    leave()
    files = Attachment.objects.filter(message=message_of(delivery)).order_by("pk")
    assert list(files.values_list("public_id", "name", "content_type", "size")) == kept
    assert files[0].file.read() == b"one"
    assert not DeliveryFile.objects.exists()
    assert now(conversation).preview == "one.txt"


# --- Taking it back -------------------------------------------------------------------------------


def test_cancelled_reply_never_leaves(conversation: Conversation, ben: Member) -> None:
    delivery = scheduled(conversation, ben)
    assert types(lambda: actions.cancel(delivery=delivery, **act(ben))) == ["reply.cancelled"]
    with nothing_changes():
        actions.cancel(delivery=delivery, **act(ben))
    leave()
    assert Message.objects.count() == 1
    assert now(delivery).body == "On its way.", "its text can be put back"


def test_reply_that_has_left_cannot_be_taken_back_or_moved(conversation: Conversation, ben: Member) -> None:
    delivery = scheduled(conversation, ben)
    leave()
    for call in (
        lambda: actions.cancel(delivery=delivery, **act(ben)),
        lambda: actions.reschedule(delivery=delivery, send_after=clock.now() + timedelta(days=1), **act(ben)),
        lambda: actions.review(delivery=delivery, expected_last=last(conversation), **act(ben)),
    ):
        with refused(Conflict, code="left_already"):
            call()


def test_scheduled_reply_can_be_sent_now_or_at_another_moment(conversation: Conversation, ben: Member) -> None:
    delivery, later = scheduled(conversation, ben), clock.now() + timedelta(days=3)
    changed = types(lambda: actions.reschedule(delivery=delivery, send_after=later, **act(ben)))
    assert changed == ["reply.rescheduled"]
    with nothing_changes():
        actions.reschedule(delivery=delivery, send_after=later, **act(ben))
    assert (now(delivery).send_after, now(delivery).due_at) == (later, later)
    actions.reschedule(delivery=delivery, send_after=clock.now(), **act(ben))
    outbox.leave_due()
    assert now(delivery).state == DeliveryState.SENDING


# --- The thread moved on --------------------------------------------------------------------------


def test_reply_is_held_when_the_customer_has_written_meanwhile(conversation: Conversation, ben: Member) -> None:
    delivery = scheduled(conversation, ben, "Have you tried?", then=Status.RESOLVED)
    receive(conversation, "Never mind, it works.")
    before = now(conversation)
    leave()
    assert now(delivery).is_held
    assert Event.objects.filter(type="reply.held").count() == 1
    assert Message.objects.count() == 2
    assert (now(conversation).status, now(conversation).updated_at) == (before.status, before.updated_at)
    leave()
    assert Event.objects.filter(type="reply.held").count() == 1, "it waits for its writer"


def test_of_two_agents_who_reply_the_second_is_held(conversation: Conversation, ben: Member, ada: Member) -> None:
    first, second = scheduled(conversation, ben, "Mine."), scheduled(conversation, ada, "Mine, too.")
    leave()
    assert (now(first).state, now(second).state, now(second).is_held) == ("sending", "scheduled", True)


def test_what_the_writer_has_sent_meanwhile_holds_nothing(conversation: Conversation, ben: Member) -> None:
    deliveries = [scheduled(conversation, ben, text) for text in ("One.", "Two.")]
    reply(conversation, "At once.", by=ben.actor)
    leave()
    assert [now(one).state for one in deliveries] == ["sending", "sending"]
    assert [m.body for m in Message.objects.order_by("pk")][1:] == ["At once.", "One.", "Two."]


def test_held_reply_leaves_once_it_was_reviewed_as_the_member_who_did(
    conversation: Conversation, ben: Member, ada: Member
) -> None:
    delivery = scheduled(conversation, ben, "Have you tried?")
    receive(conversation, "Never mind.")
    leave()
    stale = last(conversation)
    receive(conversation, "Or rather.")
    seen = {"delivery": delivery, "body": "Glad to hear it."}
    with refused(Conflict, code="thread_changed"):
        actions.review(expected_last=stale, **seen, **act(ada))
    with refused(Conflict, code="held"):
        actions.reschedule(delivery=delivery, send_after=clock.now(), **act(ada))
    with refused(Invalid):
        actions.review(delivery=delivery, expected_last=last(conversation), body=" ", **act(ada))
    actions.review(expected_last=last(conversation), **seen, **act(ada))
    outbox.leave_due()
    assert (message_of(delivery).body, message_of(delivery).sender_user) == ("Glad to hear it.", ada.user)


# --- Who, when and how often ----------------------------------------------------------------------


def test_reply_of_a_member_who_was_removed_or_may_no_longer_reply_fails_with_a_reason(
    conversation: Conversation, ben: Member, ada: Member
) -> None:
    removed, demoted = scheduled(conversation, ben), scheduled(conversation, ada)
    Membership.objects.filter(user=ben.user).delete()
    Membership.objects.filter(user=ada.user).update(role=Role.VIEWER)
    leave()
    assert (now(removed).state, now(removed).code) == ("failed", "writer_removed")
    assert (now(demoted).state, now(demoted).code) == ("failed", "writer_may_not")
    assert now(removed).reason.endswith(".")
    assert Event.objects.filter(type="reply.failed").count() == 2
    assert Message.objects.count() == 1


def test_reply_that_never_left_is_retried_as_the_member_who_does(
    conversation: Conversation, ben: Member, ada: Member
) -> None:
    delivery = scheduled(conversation, ben)
    Membership.objects.filter(user=ben.user).delete()
    leave()
    assert actions.retry_all(workspace=conversation.workspace, **act(ada)) == 0, "it would be sent as another person"
    actions.retry(delivery=delivery, **act(ada))
    outbox.leave_due()
    assert message_of(delivery).sender_user == ada.user


def test_repeated_request_schedules_once(conversation: Conversation, ben: Member) -> None:
    name = uuid.uuid4()
    given = {"public_id": name, "expected_last": last(conversation)}
    first = scheduled(conversation, ben, uploads=[ContentFile(b"one", name="one.txt")], **given)
    receive(conversation, "Meanwhile")
    again = {"uploads": [ContentFile(b"one", name="one.txt")], **given}
    with nothing_changes():
        assert scheduled(conversation, ben, **again) == first
    with refused(Conflict, code="sent_already"):
        scheduled(conversation, ben, "Other", **again)
    actions.cancel(delivery=first, **act(ben))
    assert scheduled(conversation, ben, **again).state == DeliveryState.CANCELLED, "a late repeat undoes no undo"


def test_repeat_after_it_left_schedules_nothing(conversation: Conversation, ben: Member) -> None:
    given: dict[str, Any] = {"public_id": uuid.uuid4(), "expected_last": last(conversation)}
    first = scheduled(conversation, ben, **given)
    leave()
    assert scheduled(conversation, ben, **given) == first
    leave()
    assert Message.objects.count() == 2


def test_reply_that_is_written_to_a_thread_that_has_moved_on_is_refused(
    conversation: Conversation, ben: Member
) -> None:
    seen = last(conversation)
    receive(conversation)
    with nothing_changes(), refused(Conflict, code="thread_changed"):
        scheduled(conversation, ben, expected_last=seen)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"body": " "}, "body"),
        ({"send_after": clock.now() + timedelta(days=370)}, "send_after"),
        ({"then": "closed"}, "then"),
        ({"uploads": [ContentFile(b"", name="empty")]}, "files"),
    ],
)
def test_what_cannot_be_sent_cannot_be_scheduled(
    conversation: Conversation, ben: Member, values: dict[str, Any], field: str
) -> None:
    with refused(Invalid, field=field):
        scheduled(conversation, ben, **values)
    assert not Delivery.objects.exists()


def test_only_members_schedule(conversation: Conversation) -> None:
    by, at = Actor.system(conversation.workspace_id), clock.now()
    with refused(Forbidden):
        actions.schedule(conversation=conversation, body="x", send_after=at, by=by, at=at)


def test_conversation_of_the_assistant_is_taken_over_when_the_reply_leaves(acme: Workspace, ben: Member) -> None:
    from conversations.assistant import actions as assistant_actions

    run = assistant_actions.ask_assistant(workspace=acme, content="How?", by=Actor.system(acme.pk), at=clock.now())
    conversation = run.thread.conversation
    delivery = scheduled(conversation, ben)
    assert now(conversation).handler == "assistant"
    leave()
    assert (now(conversation).handler, now(conversation).assignee) == ("people", ben.user)
    assert message_of(delivery).sender_user == ben.user


def test_deleted_conversation_takes_its_scheduled_replies_along(conversation: Conversation, ben: Member) -> None:
    scheduled(conversation, ben, uploads=[ContentFile(b"one", name="one.txt")])
    Conversation.objects.filter(pk=conversation.pk).delete()
    leave()
    assert not Delivery.objects.exists()
    assert not DeliveryFile.objects.exists()


def test_reply_that_was_taken_back_is_kept_for_a_week_with_its_files(conversation: Conversation, ben: Member) -> None:
    old, new, sent = (
        scheduled(conversation, ben, uploads=[ContentFile(text.encode(), name=f"{text}.txt")])
        for text in ("old", "new", "sent")
    )
    for delivery in (old, new):
        actions.cancel(delivery=delivery, **act(ben))
    leave()
    Delivery.objects.exclude(pk=new.pk).update(settled_at=clock.now() - timedelta(days=8))
    gone = old.files.get().file
    maintenance.forget_replies.func(timestamp=0)
    assert set(Delivery.objects.all()) == {new, sent}
    assert not gone.storage.exists(gone.name)
    assert new.files.get().file.read() == b"new"
    assert Attachment.objects.get().file.read() == b"sent"
