"""The engine that needs nothing outside the desk: it offers the answer that solved the most similar conversation.

It invents nothing. Where the desk has solved nothing similar, it says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conversations.assistant.engine import BUILTIN, Draft, Question

_GREETING = re.compile(r"^\W*(hi|hello|hey|dear|good (morning|afternoon|evening)|hallo|guten tag|bonjour|hola)\b", re.I)
_GREETED_IN_LINE = re.compile(_GREETING.pattern + r"[^,.!?\n]{0,40}[,!]\s+", re.I)
_LONGEST_GREETING = 60  # characters; a longer first line says more than hello

UNKNOWN = (
    "I do not know: this desk has solved no similar question yet, and I do not guess. A person of the team can help; "
    "shall I leave this to them? Open a ticket, and they will answer there."
)
_STEPS = 4  # parts in which an answer comes


class Builtin:
    """Drafts from the desk's own solved conversations."""

    name = BUILTIN
    is_outside = False

    def draft(self, question: Question) -> Draft:
        """The best earlier answer, greeted anew; a text of None where there is none."""
        if not question.passages:
            return Draft(text=None)
        best = question.passages[0]
        first = question.customer_name.split(" ", 1)[0]
        greeting = f"Hello {first}," if first else "Hello,"
        return Draft(text=f"{greeting}\n\n{_without_greeting(best.text)}", sources=(best,))

    def answer(self, question: Question) -> Iterator[Draft]:
        """The best earlier answer with where it comes from, in a few steps; otherwise that nothing is known."""
        if not question.passages:
            yield Draft(text=UNKNOWN)
            return
        best, *others = question.passages
        text = f"{_without_greeting(best.text)}\n\nThis solved conversation #{best.number}."
        if others:
            text += f" Similar ones: {', '.join(f'#{one.number}' for one in others)}."
        for step in range(1, _STEPS):
            part = text[: text.rfind(" ", 0, len(text) * step // _STEPS)].rstrip()
            if part:
                yield Draft(text=part, sources=question.passages)
        yield Draft(text=text, sources=question.passages)


def _without_greeting(answer: str) -> str:
    """The answer without the line, or the first words, that only greet: they name another customer."""
    answer = answer.strip()
    head, _, rest = answer.partition("\n")
    if rest.strip() and len(head) <= _LONGEST_GREETING and _GREETING.match(head):
        return rest.strip()
    greeting = _GREETED_IN_LINE.match(answer)
    if greeting is None or greeting.end() == len(answer):
        return answer
    return answer[greeting.end()].upper() + answer[greeting.end() + 1 :]
