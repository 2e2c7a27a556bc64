"""Short texts that fit many conversations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from rest_framework import serializers

from conversations.demo.documents import Fields, table


@dataclass(frozen=True, slots=True)
class Phrases:
    """The texts of phrases.toml."""

    after_closing: list[str]
    triage_notes: list[str]
    poor_suggestion: str


class _Phrases(Fields):
    after_closing = serializers.ListField(child=serializers.CharField(), allow_empty=False)
    triage_notes = serializers.ListField(child=serializers.CharField(), allow_empty=False)
    poor_suggestion = serializers.CharField()


@cache
def phrases() -> Phrases:
    """The phrases of the content. Raises Invalid."""
    return Phrases(**table("phrases.toml", _Phrases))
