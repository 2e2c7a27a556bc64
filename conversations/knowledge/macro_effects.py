"""A macro's effects for one conversation: with the placeholders of their texts filled in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from accounts.models import User
from accounts.permissions import Actor
from conversations.effects import Effect, read
from conversations.knowledge import placeholders
from conversations.models import Conversation, Macro


def effects_of(macro: Macro) -> tuple[Effect, ...]:
    """What a macro does, whatever has become of those whom it names."""
    return read(macro.effects)


def text_of(macro: Macro, conversation: Conversation, by: Actor) -> str:
    """The macro's text for the composer, with its placeholders filled in."""
    return placeholders.filled(macro.body, conversation, _agent(by))


def filled(effects: Iterable[Effect], conversation: Conversation, by: Actor) -> list[Effect]:
    """The effects with the placeholders of their texts filled in for a conversation and the agent who does them."""
    agent = _agent(by)
    return [
        replace(effect, values={**effect.values, "text": placeholders.filled(text, conversation, agent)})
        if isinstance(text := effect.values.get("text"), str)
        else effect
        for effect in effects
    ]


def _agent(by: Actor) -> User:
    return User(name=by.name)
