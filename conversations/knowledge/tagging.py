"""Which tags a conversation may get, by those that the workspace gave to similar ones; and how often that would have been right.

Nothing leaves the installation. A workspace that was not measured, or whose history does not tell, gets no suggestions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from accounts import actions as account_actions
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.knowledge import stems
from conversations.models import Conversation, Handler, Message, MessageKind, SenderKind
from conversations.models.searched import TokensQuery
from tickets import tags

SETTING = "tag_suggestions"
"""The workspace's setting that holds the last measurement."""
WANTED = 0.6
"""The least share of suggested tags that must have been right."""
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
FEWEST = 20
"""A share of fewer suggestions than these says nothing."""
MOST_TAGS = 3
_CANDIDATES = 120
_NEAREST = 8
_LEAST_SHARED = 2


@dataclass(frozen=True, slots=True)
class Score:
    """What suggestions from a threshold on would have been: how many, how many of them right, and in how many conversations."""

    threshold: float
    suggested: int
    right: int
    conversations: int
    tried: int

    @property
    def precision(self) -> float:
        return self.right / self.suggested if self.suggested else 0.0

    @property
    def coverage(self) -> float:
        return self.conversations / self.tried if self.tried else 0.0

    @property
    def is_good_enough(self) -> bool:
        return self.suggested >= FEWEST and self.precision > WANTED


def suggested(conversation: Conversation) -> list[str]:
    """The tags that the conversation does not have and that similar ones do, as far as the workspace's history has proven to tell."""
    threshold = threshold_of(conversation.workspace)
    if threshold is None:
        return []
    has = {tags.key(name) for name in conversation.tags}
    found = [name for name, share in _shares(conversation) if share >= threshold and tags.key(name) not in has]
    return found[:MOST_TAGS]


def threshold_of(workspace: Workspace) -> float | None:
    """From which share on tags are suggested; None where none are."""
    measured = workspace.settings.get(SETTING)
    threshold = measured.get("threshold") if isinstance(measured, dict) else None
    return float(threshold) if isinstance(threshold, int | float) else None


def scores(most: int) -> list[Score]:
    """One for each threshold: the newest tagged conversations, at most `most`, each tried as if it had no tags."""
    tagged = Conversation.objects.filter(handler=Handler.PEOPLE, joined_into=None).exclude(tags=[])
    trials = [
        ({tags.key(name) for name in row.tags}, _shares(row))
        for row in tagged.order_by("-last_message_at", "-pk")[:most]
    ]
    found = []
    for threshold in THRESHOLDS:
        chosen = [
            (has, [tags.key(name) for name, share in shares if share >= threshold][:MOST_TAGS])
            for has, shares in trials
        ]
        found.append(
            Score(
                threshold=threshold,
                suggested=sum(len(names) for _, names in chosen),
                right=sum(name in has for has, names in chosen for name in names),
                conversations=sum(bool(names) for _, names in chosen),
                tried=len(trials),
            )
        )
    return found


def best(found: Sequence[Score]) -> Score | None:
    """The one that suggests most and is right often enough; None where none is."""
    return next((score for score in found if score.is_good_enough), None)


def measure(workspace: Workspace, most: int, *, by: Actor, at: datetime) -> list[Score]:
    """Try the history of the workspace, in whose scope it is called, and keep from which threshold on tags are suggested, if any."""
    found = scores(most)
    chosen = best(found)
    kept: dict[str, Any] = {"threshold": None}
    if chosen is not None:
        kept = {
            "threshold": chosen.threshold,
            "precision": round(chosen.precision, 3),
            "coverage": round(chosen.coverage, 3),
        }
    account_actions.update_workspace(workspace=workspace, settings={SETTING: kept}, by=by, at=at)
    return found


def _shares(conversation: Conversation) -> list[tuple[str, float]]:
    """Tags of similar conversations, each with its share of their likeness, the largest first."""
    first = (
        Message.objects.filter(conversation=conversation, kind=MessageKind.MESSAGE, sender_kind=SenderKind.CUSTOMER)
        .order_by("created_at", "pk")
        .values_list("body", flat=True)
        .first()
    )
    wanted = list(stems.significant([first or "", conversation.subject]))
    if not wanted:
        return []
    asked = Message.objects.filter(
        tokens=TokensQuery(stems.query(wanted)),
        kind=MessageKind.MESSAGE,
        sender_kind=SenderKind.CUSTOMER,
        conversation__handler=Handler.PEOPLE,
    ).exclude(conversation__tags=[])
    near: dict[int, tuple[set[str], list[str]]] = {}
    # Not by the plain id: its index runs through all workspaces, and is walked to the end where few messages match.
    rows = asked.exclude(conversation=conversation).order_by((F("id") + 0).desc())
    columns = ("conversation_id", "body", "conversation__subject", "conversation__tags")
    for pk, body, subject, names in rows.values_list(*columns)[:_CANDIDATES]:
        words, _ = near.get(pk, (set(), []))
        near[pk] = (words | stems.stems(f"{subject}\n{body or ''}"), names)
    weight = {word: math.log(1 + len(near) / (1 + sum(word in words for words, _ in near.values()))) for word in wanted}
    likeness: list[tuple[float, list[str]]] = []
    for words, names in near.values():
        shared = [word for word in wanted if word in words]
        if len(shared) >= min(_LEAST_SHARED, len(wanted)):
            likeness.append((sum(weight[word] for word in shared), names))
    nearest = sorted(likeness, key=lambda one: one[0], reverse=True)[:_NEAREST]
    total = sum(one for one, _ in nearest)
    votes: dict[str, float] = {}
    shown: dict[str, str] = {}
    for one, names in nearest:
        for name in tags.unique(names):
            shown.setdefault(tags.key(name), name)
            votes[tags.key(name)] = votes.get(tags.key(name), 0.0) + one
    # One conversation alone proves nothing: its likeness is shared with one that has no tag.
    rest = nearest[-1][0] if nearest else 0.0
    return sorted(
        ((shown[key], vote / (total + rest)) for key, vote in votes.items() if key), key=lambda x: (-x[1], x[0])
    )
