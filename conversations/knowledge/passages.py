"""A passage: a piece of knowledge that an answer can be based on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum


class SourceKind(StrEnum):
    """What a passage was taken from."""

    ARTICLE = "article"
    MACRO = "macro"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Passage:
    """Text of an article, a macro, or the answer in an earlier conversation, where `asked` was the question."""

    kind: SourceKind
    id: uuid.UUID
    title: str
    text: str
    asked: str = ""
    number: int | None = None
    share: float = 1.0
    """The share of the question that it covers, weighted by word: 0 to 1."""

    @property
    def label(self) -> str:
        """How people read of it."""
        return f"#{self.number}" if self.kind == SourceKind.CONVERSATION else self.title

    @property
    def reference(self) -> dict[str, object]:
        """As a message and the ledger store it, without the subject of another customer's conversation."""
        return {
            "type": self.kind.value,
            "id": str(self.id),
            "title": self.label,
            "conversation": str(self.id) if self.kind == SourceKind.CONVERSATION else None,
            "number": self.number,
        }
