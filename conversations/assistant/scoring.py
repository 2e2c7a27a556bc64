"""How well the desk's knowledge answers, tried on its own history: nothing is asked outside and nothing is written.

Each solved conversation's first question is looked up as if it had just come, without the conversation itself. What is
found counts as right when it says most of what the team answered then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conversations.knowledge import search as knowledge_search
from conversations.knowledge import stems
from conversations.models import Audience, Conversation, Handler, Message, MessageKind, SenderKind, Status

THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
_AS_GOOD = 0.45
"""How much of the team's own answer, by its telling words, a passage must say to be as good as it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One question: how much of it the best passage covers (None where nothing was found), and whether that is right."""

    number: int
    share: float | None
    is_right: bool
    label: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """What an assistant would have done that answers from a share of `threshold` on."""

    threshold: float
    answered: int
    right: int


def trials(most: int) -> list[Trial]:
    """The newest solved conversations of the workspace, tried: at most so many."""
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
    said = list(Message.objects.filter(conversation=conversation, kind=MessageKind.MESSAGE).order_by("id"))
    answers = [message.body or "" for message in said if message.sender_kind == SenderKind.AGENT]
    if not answers or said[0].sender_kind != SenderKind.CUSTOMER:
        return None
    own = Conversation.objects.filter(pk=conversation.pk)
    found = knowledge_search.similar(stems.telling([said[0].body or ""]), Audience.KEY, own=own)
    if not found:
        return Trial(conversation.number, None, is_right=False)
    wanted = stems.stems(max(answers, key=len))
    kept = len(wanted & stems.stems(found[0].text)) / len(wanted) if wanted else 0.0
    return Trial(conversation.number, found[0].share, is_right=kept >= _AS_GOOD, label=found[0].label)
