"""Scoring how well the desk's knowledge answers, by its own history: nothing leaves the desk and nothing is written.

The first question of each solved conversation is looked up as if it were new, without the conversation itself. A result
counts as right when it says most of what the team answered then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conversations.knowledge import search as knowledge_search
from conversations.knowledge import stems
from conversations.models import Audience, Conversation, Handler, Message, MessageKind, SenderKind, Status

THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
_AS_GOOD = 0.45
"""The share of the team's answer, by its significant words, that a passage must contain to be as good."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One question: the share of it that the best passage covers (None without one), and whether that passage is right."""

    number: int
    share: float | None
    is_right: bool
    label: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """The answers of an assistant that answers from a share of `threshold` on."""

    threshold: float
    answered: int
    right: int


def trials(most: int) -> list[Trial]:
    """One trial for each of the newest solved conversations of the workspace, at most `most`."""
    solved = Conversation.objects.filter(handler=Handler.PEOPLE, status__in=(Status.RESOLVED, Status.CLOSED))
    found = (_trial(conversation) for conversation in solved.order_by("-last_message_at", "-pk")[:most])
    return [trial for trial in found if trial is not None]


def scores(tried: Sequence[Trial]) -> Iterable[Score]:
    """One for each threshold."""
    for threshold in THRESHOLDS:
        answered = [trial for trial in tried if trial.share is not None and trial.share >= threshold]
        yield Score(threshold, len(answered), sum(trial.is_right for trial in answered))


def _trial(conversation: Conversation) -> Trial | None:
    """None for a conversation that did not begin with a question, or has no answer."""
    messages = list(
        Message.objects.filter(conversation=conversation, kind=MessageKind.MESSAGE).order_by("created_at", "id")
    )
    answers = [message.body or "" for message in messages if message.sender_kind == SenderKind.AGENT]
    if not answers or messages[0].sender_kind != SenderKind.CUSTOMER:
        return None
    own = Conversation.objects.filter(pk=conversation.pk)
    found = knowledge_search.similar(stems.significant([messages[0].body or ""]), Audience.KEY, own=own)
    if not found:
        return Trial(conversation.number, None, is_right=False)
    wanted = stems.stems(max(answers, key=len))
    kept = len(wanted & stems.stems(found[0].text)) / len(wanted) if wanted else 0.0
    return Trial(conversation.number, found[0].share, is_right=kept >= _AS_GOOD, label=found[0].label)
