"""What drafts an answer, and which engine a workspace has chosen."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from accounts.models import Workspace


@dataclass(frozen=True, slots=True)
class Turn:
    """One public message of the thread."""

    is_from_customer: bool
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Something the desk knows: an answer that solved an earlier conversation."""

    conversation_id: uuid.UUID
    number: int
    subject: str
    asked: str
    answered: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a draft is made from. Private notes are never part of it."""

    subject: str
    customer_name: str
    turns: tuple[Turn, ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """An engine's answer: the text, or None where it has nothing to say, and what it rests on."""

    text: str | None
    sources: tuple[Passage, ...] = ()


class EngineFailed(Exception):
    """No draft could be made. `code` is stable: `unknown_error`, or `validation_error` for an answer of no use."""

    def __init__(self, message: str, *, code: str = "unknown_error") -> None:
        super().__init__(message)
        self.code = code


class Engine(Protocol):
    """Something that drafts answers."""

    name: str
    # Whether what customers wrote leaves the desk: such an engine needs the workspace's approval, and a worker's patience.
    is_outside: bool

    def draft(self, question: Question) -> Draft:
        """The draft of an answer. Raises EngineFailed."""
        ...

    def answer(self, question: Question) -> Iterator[Draft]:
        """The answer to whoever talks to the assistant: ever more of it, the last one whole. Raises EngineFailed."""
        ...


BUILTIN, OPENAI = "builtin", "openai"
ENGINES = (BUILTIN, OPENAI)


@dataclass(frozen=True, slots=True)
class Choice:
    """A workspace's choice, kept in its settings under `assistant`."""

    engine: str = BUILTIN
    is_approved: bool = False

    @property
    def is_outside(self) -> bool:
        return self.engine != BUILTIN

    @property
    def is_allowed(self) -> bool:
        """Whether drafts may be made: data leaves the desk only with the workspace's approval."""
        return self.is_approved or not self.is_outside

    @property
    def settings(self) -> dict[str, object]:
        """As `accounts.actions.update_workspace` takes it."""
        return {"assistant": {"engine": self.engine, "ai_approved": self.is_approved}}


def choice(workspace: Workspace) -> Choice:
    """What the workspace has chosen; the built-in engine until it has."""
    kept = workspace.settings.get("assistant")
    if not isinstance(kept, dict):
        return Choice()
    engine = kept.get("engine")
    return Choice(engine=engine if engine in ENGINES else BUILTIN, is_approved=kept.get("ai_approved") is True)


def of(workspace: Workspace) -> Engine:
    """The workspace's engine."""
    from conversations.assistant import builtin, openai

    return openai.OpenAI() if choice(workspace).engine == OPENAI else builtin.Builtin()
