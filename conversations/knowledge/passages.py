"""A passage: a piece of knowledge that an answer may rest on."""

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
