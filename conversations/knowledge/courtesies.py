"""Removing greetings and farewells, which name another customer or an agent."""

from __future__ import annotations

import re

_GREETING = re.compile(r"^\W*(hi|hello|hey|dear|good (morning|afternoon|evening)|hallo|guten tag|bonjour|hola)\b", re.I)
_GREETED_IN_LINE = re.compile(_GREETING.pattern + r"[^,.!?\n]{0,40}[,!]\s+", re.I)
_FAREWELL = re.compile(
    r"^\W*((best|kind|warm|many)? ?(regards|wishes|greetings)|cheers|sincerely|yours|thanks|thank you|(viele|liebe|beste) grüße|"
    r"cordialement|saludos|cordiali saluti|met vriendelijke groet(en)?)\b[^.?!]{0,20}$",
    re.I,
)
_LONGEST_FAREWELL = 4  # lines
_LONGEST_GREETING = 60  # characters; a longer first line says more than hello


def without_farewell(answer: str) -> str:
    """The answer without its closing lines and signature."""
    lines = answer.rstrip().split("\n")
    for n in range(max(1, len(lines) - _LONGEST_FAREWELL), len(lines)):
        if _FAREWELL.match(lines[n]):
            return "\n".join(lines[:n]).rstrip()
    return answer.rstrip()


def without_greeting(answer: str) -> str:
    """The answer without its greeting, be it a line or the first words."""
    answer = answer.strip()
    head, _, rest = answer.partition("\n")
    if rest.strip() and len(head) <= _LONGEST_GREETING and _GREETING.match(head):
        return rest.strip()
    greeting = _GREETED_IN_LINE.match(answer)
    if greeting is None or greeting.end() == len(answer):
        return answer
    return answer[greeting.end()].upper() + answer[greeting.end() + 1 :]
