"""A workspace's settings of the assistant: engine, approval, topics for people, budget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from accounts.errors import Invalid
from accounts.models import Workspace

BUILTIN, OPENAI = "builtin", "openai"


ENGINES = (BUILTIN, OPENAI)


class HandOver(StrEnum):
    """What the assistant does when it has no answer; customers who ask for a person always get one."""

    AUTO = "auto"  # it hands over at once
    ASK = "ask"  # it asks the customer first


MOST_TOPICS = 50
LONGEST_TOPIC = 100
HIGHEST_BUDGET = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Choice:
    """A workspace's choice, kept in its settings under `assistant`.

    A message with all the words of one of `topics` is handed over. `budget` is the most that may be spent in a calendar
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
    """Topics as they are stored: trimmed, each once. Raises Invalid for more than 50, or one over 100 characters."""
    topics = tuple(dict.fromkeys(topic for one in given if (topic := " ".join(one.split()))))
    if len(topics) > MOST_TOPICS or any(len(topic) > LONGEST_TOPIC for topic in topics):
        raise Invalid(f"at most {MOST_TOPICS} topics of at most {LONGEST_TOPIC} characters", field="topics")
    return topics


def choice(workspace: Workspace) -> Choice:
    """The workspace's choice, with the built-in engine as the default. Invalid values count as not chosen."""
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
