"""What verbs keep on a conversation's row is what its messages say, whatever was done in whatever order."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts import clock, tenancy
from accounts.errors import DomainError
from accounts.models import Workspace
from accounts.permissions import Role
from conversations import actions
from conversations.actions import lifecycle, summaries
from conversations.models import Conversation, Handler, Message, Status
from conversations.queries import conversations as queries
from conversations.queries import thread as thread_queries
from tests.conftest import Member, member
from tests.factories import ContactFactory, ConversationFactory, WorkspaceFactory
from tickets.models import Ticket

STEPS = (
    "receive", "receive", "robot", "reply", "resolve", "send_and_close", "note", "status", "snooze", "move", "move", "split",
    "split_later", "join", "undo", "spam", "not_spam",
)  # fmt: skip


class Story:
    """Some conversations in which things happen, minute by minute."""

    def __init__(self, choices: Random) -> None:
        self.choices = choices
        self.workspace: Workspace = WorkspaceFactory()
        self.agent: Member = member(self.workspace, "Ben Kimura", Role.AGENT)
        self.at = clock.now()
        self.done: dict[str, int] = {}

    def act(self) -> dict[str, Any]:
        self.at += timedelta(minutes=1)
        return {"by": self.agent.actor, "at": self.at}

    def any_conversation(self) -> Conversation:
        return self.choices.choice(list(Conversation.objects.order_by("pk")))

    def any_message(self) -> Message:
        return self.choices.choice(list(Message.objects.order_by("pk")))

    def step(self, name: str) -> None:
        row, step = self.any_conversation(), getattr(self, name)
        try:
            step(row)
        except DomainError:
            return
        self.done[name] = self.done.get(name, 0) + 1

    def receive(self, row: Conversation) -> None:
        actions.receive(conversation=row, body="A question.", **self.act())

    def robot(self, row: Conversation) -> None:
        actions.receive(conversation=row, body="I am away.", policy=lifecycle.AUTOMATIC, **self.act())

    def reply(self, row: Conversation) -> None:
        actions.reply(conversation=row, body="An answer.", **self.act())

    def send_and_close(self, row: Conversation) -> None:
        policy = lifecycle.ReplyPolicy(name="close", on_agent=dict.fromkeys(Status.values, Status.CLOSED))
        actions.reply(conversation=row, body="Bye.", policy=policy, **self.act())

    def note(self, row: Conversation) -> None:
        actions.note(conversation=row, body="A note.", **self.act())

    def resolve(self, row: Conversation) -> None:
        actions.set_status(conversation=row, status=Status.RESOLVED, **self.act())

    def status(self, row: Conversation) -> None:
        actions.set_status(conversation=row, status=self.choices.choice(Status.values), **self.act())

    def snooze(self, row: Conversation) -> None:
        actions.snooze(conversation=row, until=self.at + timedelta(days=1), **self.act())

    def move(self, row: Conversation) -> None:
        actions.move_message(message=self.any_message(), to=row, **self.act())

    def split(self, row: Conversation) -> None:
        actions.split(message=self.any_message(), **self.act())

    def split_later(self, row: Conversation) -> None:
        actions.split(message=self.any_message(), with_later=True, **self.act())

    def join(self, row: Conversation) -> None:
        actions.join(conversation=row, into=self.any_conversation(), **self.act())

    def spam(self, row: Conversation) -> None:
        actions.mark_spam(conversation=row, **self.act())

    def not_spam(self, row: Conversation) -> None:
        actions.unmark_spam(conversation=row, **self.act())

    def undo(self, row: Conversation) -> None:
        event = thread_queries.change_to_undo(row, by=self.agent.actor, since=self.at - timedelta(days=1))
        if event is not None:
            actions.undo(conversation=row, event_id=event.pk, **self.act())

    def check(self) -> None:
        for row in Conversation.objects.order_by("pk"):
            found = summaries.recomputed(row)
            names = [name for name in summaries.Summary.__slots__ if name != "unread_count"]
            if row.handler == Handler.NOBODY:
                names.remove("first_response_at")  # no clock runs
                assert (row.unread_count, row.first_response_at) == (0, None)
                names.remove("last_inbound_at")
            assert {n: getattr(row, n) for n in names} == {n: getattr(found, n) for n in names}, row.number
            # Reading and resolving mark as read what nobody has answered.
            assert row.unread_count <= found.unread_count
            if row.joined_into_id is not None:
                assert (row.status, row.message_count, row.unread_count) == (Status.CLOSED, 0, 0)
        tally, rows = queries.tally(), Conversation.objects.filter(handler=Handler.PEOPLE)
        for status in Status.values:
            assert getattr(tally, status) == rows.filter(status=status).count()
        for ticket in Ticket.objects.order_by("pk"):
            linked = Conversation.objects.filter(ticket=ticket)
            assert ticket.message_count == sum(row.message_count for row in linked)


class SummariesFollow(TestCase):
    @settings(max_examples=15, deadline=None, phases=[Phase.generate])
    @given(steps=st.lists(st.sampled_from(STEPS), min_size=8, max_size=25), choices=st.randoms(use_true_random=False))
    def test_rows_say_what_their_messages_say_after_any_story(self, steps: list[str], choices: Random) -> None:
        story = Story(choices)
        with tenancy.scope(story.workspace):
            contact = ContactFactory(workspace=story.workspace)
            for n in range(4):
                row = ConversationFactory(workspace=story.workspace, contact=contact, at=story.act()["at"])
                if n == 0:
                    actions.escalate(conversation=row, **story.act())
            for name in steps:
                story.step(name)
                story.check()
