"""What drafts an answer, and which engine a workspace has chosen."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Protocol

from accounts.errors import Invalid
from accounts.models import Workspace


@dataclass(frozen=True, slots=True)
class Turn:
    """One public message of the thread."""

    is_from_customer: bool
    text: str


class SourceKind(StrEnum):
    """What a passage was taken from."""

    ARTICLE = "article"
    MACRO = "macro"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Passage:
    """Something the desk knows: an article, a macro, or an answer that solved an earlier conversation (`asked` in it)."""

    kind: SourceKind
    id: uuid.UUID
    title: str
    text: str
    asked: str = ""
    number: int | None = None
    share: float = 1.0
    """How much of the question it covers, weighed by how telling each word is: 0 to 1."""

    @property
    def label(self) -> str:
        """As people are told of it."""
        return f"#{self.number}" if self.kind == SourceKind.CONVERSATION else self.title

    @property
    def told(self) -> dict[str, object]:
        """As a message and the ledger keep it. The subject of another customer's conversation is nobody's business."""
        return {
            "type": self.kind.value,
            "id": str(self.id),
            "title": self.label,
            "conversation": str(self.id) if self.kind == SourceKind.CONVERSATION else None,
            "number": self.number,
        }


class Call(StrEnum):
    """Why the assistant hands over."""

    ASKED = "asked"  # the customer wants a person
    POLICY = "policy"  # the workspace leaves the topic to people
    UNSURE = "unsure"  # the engine knows no answer


@dataclass(frozen=True, slots=True)
class Question:
    """What a draft is made from. Private notes are never part of it."""

    subject: str
    customer_name: str
    turns: tuple[Turn, ...]
    passages: tuple[Passage, ...]
    was_asked_back: bool = False
    """The assistant has asked for more already, and this is what came."""
    is_handed_over: bool = False
    """The conversation was handed over and no one has answered yet."""
    is_settled: bool = False
    """The customer says that an answer settled the matter."""
    call: Call | None = None
    """Why a person is to answer this, if so: the customer asks for one, or the workspace wants one. `reason` says it."""
    reason: str = ""
    asks_leave: bool = False
    """Where it knows no answer, the assistant does not call people: it asks the customer whether to."""

    @property
    def wants_person(self) -> bool:
        return self.call is not None


class Step(StrEnum):
    """What an answer is: an answer, a question back, or a call for people."""

    ANSWER = "answer"
    ASK = "ask"
    HAND_OVER = "hand_over"


@dataclass(frozen=True, slots=True)
class Usage:
    """What an engine used. `cost` is in the operator's currency, by the prices in the settings."""

    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal = Decimal(0)


NOTHING_USED = Usage()


@dataclass(frozen=True, slots=True)
class Draft:
    """An engine's answer: the text, or None where it has nothing to say, and what it rests on."""

    text: str | None
    sources: tuple[Passage, ...] = ()
    step: Step = Step.ANSWER
    reason: str = ""
    """Why people are called, for those people."""
    usage: Usage = NOTHING_USED


class EngineFailed(Exception):
    """No draft could be made. `code` is stable: `unknown_error`, or `validation_error` for an answer of no use.

    `kind` says more, for the log and the ledger, in at most 40 characters: `timeout`, `rate_limited`, `refused`, … or
    nothing. `usage` is what it cost all the same. The message holds nothing that a service or a customer wrote.
    """

    def __init__(
        self, message: str, *, code: str = "unknown_error", kind: str = "", usage: Usage = NOTHING_USED
    ) -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind
        self.usage = usage


class Engine(Protocol):
    """Something that drafts answers."""

    name: str
    # Whether what customers wrote leaves the desk: such an engine needs the workspace's approval, and a worker's patience.
    is_outside: bool

    def draft(self, question: Question) -> Draft:
        """The draft of an answer. Raises EngineFailed."""
        ...

    def answer(self, question: Question) -> Iterator[Draft]:
        """The answer to the customer: ever more of it, the last one whole. Raises EngineFailed."""
        ...


BUILTIN, OPENAI = "builtin", "openai"
ENGINES = (BUILTIN, OPENAI)


class HandOver(StrEnum):
    """What the assistant does when it has no answer; customers who ask for a person always get one."""

    AUTO = "auto"  # it calls people in
    ASK = "ask"  # it asks the customer first


MOST_TOPICS = 50
LONGEST_TOPIC = 100
HIGHEST_BUDGET = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Choice:
    """A workspace's choice, kept in its settings under `assistant`.

    `topics` are left to people: a message with all the words of one. `budget` is the most that may be spent in a calendar
    month of the workspace's time zone, in the operator's currency; None for no limit.
    """

    engine: str = BUILTIN
    is_approved: bool = False
    hand_over: HandOver = HandOver.AUTO
    topics: tuple[str, ...] = ()
    budget: Decimal | None = None

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
        kept = {
            "engine": self.engine,
            "ai_approved": self.is_approved,
            "hand_over": self.hand_over.value,
            "topics": list(self.topics),
            "budget": None if self.budget is None else str(self.budget),
        }
        return {"assistant": kept}


def clean_topics(given: Iterable[str]) -> tuple[str, ...]:
    """Topics as they are kept: trimmed, each once. Raises Invalid for more than 50, or one over 100 characters."""
    topics = tuple(dict.fromkeys(topic for one in given if (topic := " ".join(one.split()))))
    if len(topics) > MOST_TOPICS or any(len(topic) > LONGEST_TOPIC for topic in topics):
        raise Invalid(f"at most {MOST_TOPICS} topics of at most {LONGEST_TOPIC} characters", field="topics")
    return topics


def choice(workspace: Workspace) -> Choice:
    """What the workspace has chosen; the built-in engine until it has. What makes no sense counts as not chosen."""
    kept = workspace.settings.get("assistant")
    if not isinstance(kept, dict):
        return Choice()
    engine, hand_over, topics = kept.get("engine"), kept.get("hand_over"), kept.get("topics")
    return Choice(
        engine=engine if engine in ENGINES else BUILTIN,
        is_approved=kept.get("ai_approved") is True,
        hand_over=next((one for one in HandOver if one == hand_over), HandOver.AUTO),
        topics=tuple(topic for topic in topics if isinstance(topic, str)) if isinstance(topics, list) else (),
        budget=_budget(kept.get("budget")),
    )


def _budget(kept: object) -> Decimal | None:
    try:
        budget = Decimal(kept) if isinstance(kept, str) else None
    except InvalidOperation:
        return None
    return budget if budget is not None and budget.is_finite() and budget >= 0 else None


def of(workspace: Workspace) -> Engine:
    """The workspace's engine."""
    from conversations.assistant import builtin, openai

    return openai.OpenAI() if choice(workspace).engine == OPENAI else builtin.Builtin()
