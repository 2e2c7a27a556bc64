"""The engine that needs nothing outside the desk: it offers the answer that solved the most similar conversation.

It invents nothing. Where the desk has solved nothing similar, it says so.
"""

from __future__ import annotations

import re

from conversations.assistant.engine import BUILTIN, Draft, Question

_GREETING = re.compile(r"^\W*(hi|hello|hey|dear|good (morning|afternoon|evening)|hallo|guten tag|bonjour|hola)\b", re.I)
_LONGEST_GREETING = 60  # characters; a longer first line says more than hello


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
        return Draft(text=f"{greeting}\n\n{_without_greeting(best.answered)}", sources=(best,))


def _without_greeting(answer: str) -> str:
    """The answer without its first line where that only greets: it names another customer."""
    head, _, rest = answer.strip().partition("\n")
    if rest.strip() and len(head) <= _LONGEST_GREETING and _GREETING.match(head):
        return rest.strip()
    return answer.strip()
