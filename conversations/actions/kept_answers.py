"""Answers that are kept to be repeated for an Idempotency-Key: what was redacted is taken out of them too.

The rest stays: a call that is repeated gets an answer of the shape that it expects, and is not made once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db.models import F, Func, IntegerField, Q, Value
from django.db.models.functions import Cast

from accounts.models import IdempotentRequest
from conversations.texts import validation

_TEXTS = frozenset(
    {
        "body", "content", "text", "message", "preview", "description", "subject", "title", "html",
        "last_message_text", "email_subject",
    }
)  # fmt: skip
"""The names of the fields in which formats print what people have written."""
_SHORTEST = 12
"""What is redacted is looked for in other fields too from this length on: a word may be a status."""
_LONGEST, _MOST = 500, 10
"""So much of it, and of so many texts, finds the answers that name neither message nor conversation."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """A text before and after, what was removed from it, and what stands for it where it is a part of more."""

    before: str
    removed: str
    after: str
    gap: str

    def of(self, text: str) -> str:
        """A text without the words: the same text, one that has it or a part of it, or its beginning as lists show it."""
        if text == self.before:
            return self.after
        if self.removed in text:
            return text.replace(self.removed, self.gap)
        bare = _bare(text)
        if len(bare) > 3 and _bare(self.before).startswith(bare):
            return validation.preview(self.after)[: len(text)]
        if len(bare) > 3 and bare in _bare(self.removed):
            return self.gap
        for line in self.removed.splitlines():
            if len(line.strip()) >= _SHORTEST:
                text = text.replace(line.strip(), self.gap)
        return text

    def of_other(self, text: str) -> str:
        """The same of a field that may hold anything."""
        return text.replace(self.removed, self.gap) if len(self.removed) >= _SHORTEST else text


def redact(ids: Sequence[UUID], redactions: Sequence[Redaction]) -> None:
    """Take the words out of the answers that name one of these ids, or hold the text. What is no JSON is deleted."""
    sought = [str(one).encode() for one in ids]
    texts = [one.removed for one in redactions if len(one.removed) >= _SHORTEST][:_MOST]
    sought += [orjson.dumps(text[:_LONGEST])[1:-1] for text in texts]
    places = {
        f"place_{n}": Cast(
            Func(Value(part), F("body"), template="position(%(expressions)s)", arg_joiner=" in "), IntegerField()
        )
        for n, part in enumerate(sought)
    }
    holds = Q(*((f"{name}__gt", 0) for name in places), _connector=Q.OR)
    for row in IdempotentRequest.objects.alias(**places).filter(holds).order_by("pk"):
        kept = bytes(row.body)
        try:
            answer = orjson.loads(kept)
        except ValueError:
            row.delete()
            continue
        redacted = answer
        for one in redactions:
            redacted = _without(redacted, one)
        body = orjson.dumps(redacted)
        if body != orjson.dumps(answer):
            IdempotentRequest.objects.filter(pk=row.pk).update(body=body)


def _without(value: Any, redaction: Redaction, name: str = "") -> Any:
    if isinstance(value, str):
        return redaction.of(value) if name in _TEXTS else redaction.of_other(value)
    if isinstance(value, list):
        return [_without(one, redaction, name) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _without(one, redaction, key) for key, one in value.items()}
    if "rich_content" in found and found.get("content") != value.get("content"):
        found["rich_content"] = None  # the same words, in pieces
    return found


def _bare(text: str) -> str:
    return " ".join(text.rstrip("…. ").split())
