"""What an engine is: the question that it gets, and the draft that it returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from conversations.knowledge.passages import Passage


@dataclass(frozen=True, slots=True)
class Turn:
    """One public message of the thread."""

    is_from_customer: bool
    text: str


class Call(StrEnum):
    """Why the assistant hands over."""

    ASKED = "asked"  # the customer wants a person
    POLICY = "policy"  # the workspace leaves the topic to people
    UNSURE = "unsure"  # the engine has no answer


@dataclass(frozen=True, slots=True)
class Question:
    """What a draft is made from. Private notes are never part of it."""

    subject: str
    customer_name: str
    turns: tuple[Turn, ...]
    passages: tuple[Passage, ...]
    was_asked_back: bool = False
    """The customer's last message answers a question of the assistant."""
    is_handed_over: bool = False
    """The conversation was handed over and no one has answered yet."""
    is_settled: bool = False
    """The customer says that the problem is solved."""
    call: Call | None = None
    """Why a person is to answer, if so: the customer or the workspace wants one; `reason` says it in words."""
    reason: str = ""
    asks_first: bool = False
    """Where it knows no answer, the assistant asks the customer before it hands over."""

    @property
    def wants_person(self) -> bool:
        return self.call is not None


class Step(StrEnum):
    """What a draft does: answer, ask the customer for more, or hand over."""

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
    """An engine's answer: the text, or None where there is none, and its sources."""

    text: str | None
    sources: tuple[Passage, ...] = ()
    step: Step = Step.ANSWER
    reason: str = ""
    """Why the assistant hands over, for the team."""
    usage: Usage = NOTHING_USED


class EngineFailed(Exception):
    """No draft could be made. `code` is stable: `unknown_error`, or `validation_error` for an answer that cannot be used.

    `kind` says more, for the log and the ledger, in at most 40 characters: `timeout`, `rate_limited`, `refused`, … or
    nothing. `usage` is what the attempt cost. The message holds nothing that a service or a customer wrote.
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
    # Whether what customers wrote leaves the desk: such an engine needs the workspace's approval, and runs in the worker.
    is_outside: bool

    def draft(self, question: Question) -> Draft:
        """The draft of an answer. Raises EngineFailed."""
        ...

    def answer(self, question: Question) -> Iterator[Draft]:
        """The answer to the customer, growing; the last draft is complete. Raises EngineFailed."""
        ...
