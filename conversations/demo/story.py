"""The shape of a demo story: who says what in which order, and what the team makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from inspect import cleandoc

from conversations.models import Channel


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said. Of several wordings, a story that is told again takes the next."""

    side: str
    wordings: tuple[str, ...]
    files: tuple[str, ...] = ()

    def words(self, telling: int) -> str:
        """The wording for the telling, which counts from 0."""
        return self.wordings[telling % len(self.wordings)]


_WIDTH = 98
"""A line of a story that would have been longer than this was broken for the source, not by its writer."""


def said(text: str) -> str:
    """The text as somebody would have typed it: paragraphs in one line, code and short lines as they stand."""
    lines: list[str] = []
    is_code = False
    for line in cleandoc(text).split("\n"):
        was_code, is_code = is_code, is_code != line.startswith("```")
        first = line.lstrip().split(" ", 1)[0]
        is_broken = bool(lines and lines[-1] and line) and len(lines[-1].rsplit("\n", 1)[-1]) + 1 + len(first) > _WIDTH
        if is_broken and not (was_code or is_code or line.startswith("```")):
            lines[-1] += ("" if first[0] > "\u2e80" else " ") + line.lstrip()  # Chinese and Japanese put no space there
        else:
            lines.append(line)
    return "\n".join(lines)


CUSTOMER, AGENT, COLLEAGUE, NOTE = "customer", "agent", "colleague", "note"


def ask(*wordings: str, files: tuple[str, ...] = ()) -> Turn:
    """The customer writes."""
    return Turn(CUSTOMER, tuple(map(said, wordings)), files)


def answer(*wordings: str, files: tuple[str, ...] = ()) -> Turn:
    """The agent who has the conversation answers."""
    return Turn(AGENT, tuple(map(said, wordings)), files)


def colleague(*wordings: str) -> Turn:
    """Another agent takes over and answers."""
    return Turn(COLLEAGUE, tuple(map(said, wordings)))


def note(*wordings: str) -> Turn:
    """Somebody of the team writes what stays inside."""
    return Turn(NOTE, tuple(map(said, wordings)))


@dataclass(frozen=True, slots=True)
class Story:
    """A conversation as it could have been. `{first}`, `{order}` and other names are filled in when it is told."""

    subjects: tuple[str, ...]
    turns: tuple[Turn, ...]
    channels: tuple[Channel, ...]
    tags: tuple[str, ...] = ()
    priority: str = "normal"
    team: str = "Support"
    contact: str | None = None
    """The email of the one customer whom the story fits (a language, a company)."""
    ticket: str | None = None
    """Stories with the same word here end up on one ticket."""
    reason: str | None = None
    """Why it was escalated."""
    weight: int = field(default=2)
    """How often it may be told in the month."""


EMAIL, CHAT, API, DISCORD, CALLBACK, MANUAL = (
    Channel.EMAIL,
    Channel.CHAT,
    Channel.API,
    Channel.DISCORD,
    Channel.CALLBACK,
    Channel.MANUAL,
)
