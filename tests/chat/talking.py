"""A visitor of a website with a chat, who writes, and the worker that answers them."""

from __future__ import annotations

from typing import Any

from accounts import clock
from accounts.permissions import Actor
from conversations.assistant import tasks as assistant_tasks
from conversations.chat import actions, sessions
from conversations.chat.proofs import Identity
from conversations.models import AssistantRun, Conversation, Message, Widget


class Visitor:
    """A browser on a page with the widget. Unless it proves who writes, the name and the address are only stated."""

    def __init__(self, widget: Widget, *, is_signed: bool = False, **identity: Any) -> None:
        self.widget = widget
        by, at = sessions.visitor(widget), clock.now()
        given: dict[str, Any] = {
            "widget": widget,
            "language": "de",
            "page": "https://shop.example/pricing",
            "by": by,
            "at": at,
        }
        if is_signed:
            opened = actions.identify_visitor(identity=Identity(is_signed=True, **identity), **given)
        else:
            opened = actions.start_session(identity=Identity(is_signed=False, **identity), **given)
        self.session = opened.session
        self.contact = self.session.contact

    @property
    def actor(self) -> Actor:
        return sessions.visitor(self.widget, self.contact)

    def starts(self, body: str = "Hello?", **values: Any) -> Conversation:
        """Begin a chat."""
        given = {"session": self.session, "body": body, "by": self.actor, "at": clock.now(), **values}
        return actions.start_conversation(**given).conversation

    def writes(self, conversation: Conversation, body: str, **values: Any) -> Message:
        """Write on in a chat."""
        given = {"session": self.session, "conversation": now(conversation), "body": body, "by": self.actor}
        return actions.write(**given, at=clock.now(), **values)

    def sees(self, conversation: Conversation) -> None:
        """Look at all that is in a chat."""
        last = Message.objects.filter(conversation=conversation, kind="message").latest("pk")
        actions.mark_seen(conversation=conversation, message=last, by=self.actor, at=clock.now())


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
