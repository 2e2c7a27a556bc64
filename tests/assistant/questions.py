"""Questions for an engine outside, and what became of them."""

from __future__ import annotations

import uuid
from itertools import pairwise
from typing import Any

import pytest

from conversations.assistant.engines.openai import OpenAI
from conversations.assistant.engines.protocol import Draft, EngineFailed, Question, Turn
from conversations.knowledge.passages import Passage, SourceKind


def passage(n: int, /, **values: Any) -> Passage:
    given = {"kind": SourceKind.ARTICLE, "id": uuid.uuid4(), "title": f"Title {n}", "text": f"Text {n}"}
    return Passage(**given | values)


SOURCES = (passage(1), passage(2), passage(3))


def asking(*turns: str, **values: Any) -> Question:
    """A question whose turns are the customer's and the assistant's by turns."""
    messages = tuple(Turn(is_from_customer=n % 2 == 0, text=text) for n, text in enumerate(turns or ("What now?",)))
    given = {"subject": "Thermostat", "customer_name": "Bo Tran", "turns": messages, "passages": ()}
    return Question(**given | values)


def answered(question: Question | None = None) -> list[Draft]:
    """All that is shown. What is shown is never taken back: each draft begins as the one before."""
    drafts = list(OpenAI().answer(question or asking()))
    texts = [draft.text or "" for draft in drafts]
    assert all(after.startswith(before) for before, after in pairwise(texts)), texts
    return drafts


def failure(question: Question | None = None) -> EngineFailed:
    with pytest.raises(EngineFailed) as failed:
        answered(question)
    return failed.value
