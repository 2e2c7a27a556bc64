"""What became of an attempt to deliver a reply."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side has taken it; `channel_message_id` is its name there, if it has one."""

    channel_message_id: str = ""


@dataclass(frozen=True, slots=True)
class NotSent:
    """It was not taken. `reason` is read by agents. What is not permanent is tried again.

    `is_uncertain`: it may have been taken nevertheless, as when the connection ends before the answer; before the next attempt
    the channel is asked with `was_taken`. `concerns_all`: the server cannot be reached at all, so that what else goes by it (by
    the same mailbox) is not tried now. `after`: the other side asks to wait for so many seconds at least.
    """

    code: str
    reason: str
    is_permanent: bool
    is_uncertain: bool = False
    concerns_all: bool = False
    after: float = 0.0


Result = Sent | NotSent
