"""What a call brings: mails, what became of mails that were sent, and what has to be done elsewhere; or why it is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


class Refused(Exception):
    """The call does not come from the provider. `reason` is a sentence for agents."""

    def __init__(self, reason: str, *, status: int = 403) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class NotUnderstood(Exception):
    """The call brings no mail that can be read from it; `reason` says what to change at the provider."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Event:
    """What became of a mail that was sent, for one recipient."""

    recipient: str
    is_failed: bool = False
    """It did not arrive, and the provider tries no more."""
    is_unwanted: bool = False
    """The address takes no more mail: it does not exist, or its owner reported the mail as spam."""
    status: str = ""
    """As in RFC 3463."""
    diagnostic: str = ""
    message_ids: Sequence[str] = ()
    """Message-IDs under which the mail may be known."""
    envelope: Sequence[str] = ()
    """Addresses of its envelope sender, which may hold a token."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something for a worker, by the name of its task."""

    task: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Brought:
    """All of it."""

    mails: Sequence[bytes] = field(default=(), repr=False)
    events: Sequence[Event] = ()
    jobs: Sequence[Job] = ()
