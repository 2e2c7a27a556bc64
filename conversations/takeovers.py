"""An agent who answers takes over from whatever answers in a conversation without people. Such features register here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db.models import QuerySet

from accounts.permissions import Actor
from conversations.models import Conversation


class Stop(Protocol):
    """A verb that ends for good what answers in the conversation; nothing where it has ended, or never began."""

    def __call__(self, *, conversation: Conversation, by: Actor, at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers without people. `hold` locks its rows of some conversations, which comes before the conversations' own."""

    hold: Callable[[QuerySet[Conversation]], None]
    stop: Stop


_answering: dict[str, Answering] = {}


def register(name: str, answering: Answering) -> None:
    """Name what answers in conversations without people. Called once, when Django is ready."""
    _answering[name] = answering


def hold(conversations: QuerySet[Conversation]) -> None:
    """Lock what `stop` will need, before a verb locks several conversations."""
    for one in _answering.values():
        one.hold(conversations)


def stop(*, conversation: Conversation, by: Actor, at: datetime) -> None:
    """An agent is about to answer, and the conversation is not locked yet: from here on people alone do."""
    for one in _answering.values():
        one.stop(conversation=conversation, by=by, at=at)
