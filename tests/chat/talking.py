"""A visitor of a website with a chat, as far as verbs know them: their session, and what they write."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor, ActorKind
from conversations import actions
from conversations.actions.entries import Door
from conversations.assistant import tasks as assistant_tasks
from conversations.chat.actions import assistant, create_widget
from conversations.models import AssistantRun, Channel, ChatSession, Contact, Conversation, Message, Widget

DOOR = Door(Channel.CHAT, "widget")


def make_widget(workspace: Workspace, **values: Any) -> Widget:
    """A widget of the workspace."""
    return create_widget(
        workspace=workspace, **{"name": "Website", "by": Actor.system(workspace.pk), "at": clock.now(), **values}
    )


@dataclass
class Visitor:
    """An anonymous visitor of a widget."""

    widget: Widget
    email: str = ""
    name: str = ""
    contact: Contact = field(init=False)
    session: ChatSession = field(init=False)

    def __post_init__(self) -> None:
        workspace = self.widget.workspace
        self.contact = actions.identify(
            workspace=workspace, email=self.email or None, name=self.name or None, identity_source="widget",
            is_trusted=False, by=Actor.system(workspace.pk), at=clock.now(),
        )  # fmt: skip
        self.session = ChatSession.objects.create(
            workspace=workspace, widget=self.widget, contact=self.contact, token_hash=sha256(uuid.uuid4().bytes).hexdigest(),
            page="https://shop.example/pricing", language="de", last_seen_at=clock.now(),
        )  # fmt: skip

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.CONTACT, self.widget.workspace_id, id=self.contact.pk, name=self.contact.name)

    def starts(self, body: str) -> Conversation:
        """Start a chat with people."""
        return actions.start(
            workspace=self.widget.workspace, contact=self.contact, subject=body[:80] or "Chat", body=body, door=DOOR,
            by=self.actor, at=clock.now(),
        )  # fmt: skip

    def asks(self, body: str, **values: Any) -> Conversation:
        """Start a chat that the assistant answers."""
        given = {"public_id": uuid.uuid4(), "message_public_id": uuid.uuid4(), **values}
        message = assistant.begin_with_assistant(
            workspace=self.widget.workspace, contact=self.contact, body=body, door=DOOR, language="de", by=self.actor,
            at=clock.now(), **given,
        )  # fmt: skip
        return message.conversation

    def writes(self, conversation: Conversation, body: str, **values: Any) -> Message | None:
        """Write on in a chat that the assistant answers; None where it is for people."""
        given = {"message_public_id": uuid.uuid4(), **values}
        return assistant.write_to_assistant(
            conversation=conversation, body=body, door=DOOR, by=self.actor, at=clock.now(), **given
        )


def work() -> None:
    """What the worker does with the runs that wait."""
    for run in AssistantRun.objects.filter(status="running", token=None):
        assistant_tasks.run_assistant(workspace_id=run.workspace_id, run_id=run.pk)


def texts(conversation: Conversation) -> list[tuple[str, str]]:
    """Who has written what in a conversation, in order."""
    rows = Message.objects.filter(conversation=conversation, kind="message").order_by("pk")
    return [(row.sender_kind, row.body or "") for row in rows]


def now(conversation: Conversation) -> Conversation:
    """The conversation as it is now."""
    return Conversation.objects.select_related("contact", "ticket", "assistant_thread").get(pk=conversation.pk)
