"""A customer who writes in a closed conversation starts a new one that follows it, whatever the channel."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.base import ContentFile

from accounts.errors import Conflict, Forbidden, Invalid, NotFound
from accounts.models import Workspace
from accounts.permissions import Actor, Role
from conversations import actions
from conversations.actions.entries import Door
from conversations.actions.lifecycle import AUTOMATIC
from conversations.models import Attachment, Channel, Conversation, Handler, Mailbox, Message, Status, Tally
from tests.conftest import Member
from tests.effects import minutes, recorded, refused
from tests.factories import ContactFactory, ConversationFactory, TeamFactory

pytestmark = pytest.mark.usefixtures("in_acme")

MAIL = Door(Channel.EMAIL, "email")


def write(conversation: Conversation, body: str = "Once more.", **values: Any) -> Message:
    values = {"door": MAIL, "by": Actor.system(conversation.workspace_id), "at": minutes(5), **values}
    return actions.continue_or_receive(conversation=conversation, body=body, **values)


def closed(workspace: Workspace, **values: Any) -> Conversation:
    row = ConversationFactory(workspace=workspace, subject="Late", body="Where is it?", at=minutes(0), **values)
    by = Actor.system(workspace.pk)
    return actions.set_status(conversation=row, status=Status.CLOSED, by=by, at=minutes(1))


@pytest.mark.parametrize("status", [Status.OPEN, Status.PENDING, Status.RESOLVED])
def test_conversation_that_is_not_closed_goes_on(acme: Workspace, status: Status) -> None:
    row = ConversationFactory(workspace=acme, at=minutes(0))
    actions.set_status(conversation=row, status=status, by=Actor.system(acme.pk), at=minutes(1))
    message = write(row)
    assert message.conversation == row
    assert Conversation.objects.get().status == "open"


def test_closed_one_stays_as_it_is_and_a_new_one_follows_it(acme: Workspace) -> None:
    mailbox = Mailbox.objects.create(workspace=acme, address="help@acme.example")
    row = closed(acme, mailbox=mailbox, cc=["ann@example.com"])
    before = Conversation.objects.filter(pk=row.pk).values().get()
    message = write(row)
    new = message.conversation
    assert Conversation.objects.filter(pk=row.pk).values().get() == before
    assert (new.follows, new.contact, new.subject, new.channel) == (row, row.contact, "Late", "email")
    assert (new.mailbox, new.cc, new.status, new.unread_count) == (mailbox, ["ann@example.com"], "open", 1)
    assert (message.body, message.sender_contact, new.entry_points.get().channel) == (
        "Once more.", row.contact, "email",
    )  # fmt: skip
    assert (Tally.objects.get().open, Tally.objects.get().closed) == (1, 1)


def test_what_comes_after_goes_on_in_the_new_one_until_that_is_closed_too(acme: Workspace) -> None:
    row = closed(acme)
    second = write(row).conversation
    assert write(row, "And this.").conversation == second
    actions.set_status(conversation=second, status=Status.CLOSED, by=Actor.system(acme.pk), at=minutes(6))
    third = write(row, "Still.").conversation
    assert third.follows == second
    assert Conversation.objects.count() == 3


def test_new_one_is_started_and_belongs_to_the_team_and_the_agent_of_before(acme: Workspace, ben: Member) -> None:
    team = TeamFactory(workspace=acme)
    row = closed(acme)
    actions.assign(conversation=row, to=ben.user, team=team, by=ben.actor, at=minutes(2))
    row.refresh_from_db()
    events = recorded(lambda: write(row))
    assert [name for name, _ in events] == ["conversation.started", "conversation.assigned"]
    new = Conversation.objects.get(follows=row)
    assert (new.assignee, new.team) == (ben.user, team)


def test_team_of_before_remains_where_its_agent_may_not_answer_any_more(acme: Workspace, ben: Member) -> None:
    team = TeamFactory(workspace=acme)
    row = closed(acme)
    actions.assign(conversation=row, to=ben.user, team=team, by=ben.actor, at=minutes(2))
    ben.membership.role = Role.VIEWER
    ben.membership.save()
    new = write(Conversation.objects.get(pk=row.pk)).conversation
    assert (new.assignee, new.team) == (None, team)


def test_subject_files_and_sender_of_the_new_one_are_those_of_the_message(acme: Workspace) -> None:
    row = closed(acme)
    file = ContentFile(b"%PDF-1.4 late", "late.pdf")
    new = write(row, subject="Late again", uploads=[file], metadata={"page": "/help"}).conversation
    assert (new.subject, new.metadata) == ("Late again", {"page": "/help"})
    assert Attachment.objects.get().message.conversation == new


def test_spam_goes_on_where_it_is(acme: Workspace) -> None:
    row = closed(acme, handler=Handler.NOBODY)
    assert write(row).conversation == row
    assert Conversation.objects.count() == 1


def test_what_a_machine_sends_starts_nothing(acme: Workspace) -> None:
    row = closed(acme)
    assert write(row, "I am away.", policy=AUTOMATIC).conversation == row
    row.refresh_from_db()
    assert (Conversation.objects.count(), row.status, row.unread_count) == (1, "closed", 0)


@pytest.mark.parametrize("status", [Status.OPEN, Status.CLOSED])
def test_message_that_is_sent_again_with_its_id_is_written_once(acme: Workspace, status: Status) -> None:
    row = closed(acme) if status == Status.CLOSED else ConversationFactory(workspace=acme, body=None)
    one = uuid.uuid4()
    first = write(row, public_id=one)
    assert write(row, public_id=one) == first
    assert Message.objects.filter(body="Once more.").count() == 1


def test_id_of_another_customers_message_is_refused(acme: Workspace) -> None:
    one = uuid.uuid4()
    write(closed(acme), public_id=one)
    other = closed(acme, contact=ContactFactory(workspace=acme))
    with refused(Conflict, code="sent_already"):
        write(other, public_id=one)


def test_blank_message_starts_nothing(acme: Workspace) -> None:
    row = closed(acme)
    with refused(Invalid):
        write(row, " ")


def test_viewer_and_other_workspaces_do_not_write(acme: Workspace, vic: Member, cleo: Member) -> None:
    row = closed(acme)
    with refused(Forbidden):
        write(row, by=vic.actor)
    with refused(NotFound):
        write(row, by=cleo.actor)


def test_what_is_written_to_a_joined_one_goes_on_where_its_messages_are(acme: Workspace, ben: Member) -> None:
    first, second = closed(acme), ConversationFactory(workspace=acme, at=minutes(0))
    actions.join(conversation=first, into=second, by=ben.actor, at=minutes(2))
    message = write(first)
    assert message.conversation == second
    assert message.sender_contact == first.contact
    assert Conversation.objects.count() == 2
    actions.set_status(conversation=second, status=Status.CLOSED, by=ben.actor, at=minutes(6))
    later = write(first, at=minutes(7))
    assert later.conversation.follows == second
