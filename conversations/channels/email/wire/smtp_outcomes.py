"""What becomes of a mail that is handed to an SMTP server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from conversations.channels.email.wire import refusals
from conversations.channels.email.wire.refusals import Cause, Refusal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mail.

    `failure` is why it was not taken at all; it is None where at least one recipient was accepted. `is_uncertain` says that it
    may have been taken all the same: it must not be sent again before somebody has looked. `queued_as` is the server's answer
    to a mail that it took, which often holds its number there.
    """

    accepted: tuple[str, ...] = field(default=(), repr=False)
    refused: Mapping[str, Refusal] = field(default_factory=dict, repr=False)
    failure: Refusal | None = None
    is_uncertain: bool = False
    queued_as: str = ""


class Progress:
    """How far a mail has come."""

    def __init__(self) -> None:
        self.named: list[str] = []
        self.refused: dict[str, Refusal] = {}
        self.failure: Refusal | None = None
        self.is_sent = False
        self.is_taken = False
        self.queued_as = ""

    def outcome(self) -> Outcome:
        if self.is_taken:
            return Outcome(tuple(self.named), self.refused, queued_as=self.queued_as)
        return Outcome(refused=self.refused, failure=self.failure, is_uncertain=self.is_sent)

    def broken(self) -> Outcome:
        """The connection broke."""
        reason = refusals.plain(Cause.CONNECTION, is_permanent=False)
        if self.is_sent:
            reason = "The connection broke after the mail was sent, so that the server may have taken it."
        failure = Refusal(0, "", Cause.CONNECTION, False, reason)
        return Outcome(refused=self.refused, failure=failure, is_uncertain=self.is_sent)

    def worst(self) -> Refusal:
        """Why nobody gets the mail: something temporary, if it may still go to someone."""
        if not self.refused:
            return Refusal(0, "", Cause.ADDRESS, True, "The mail has no recipients.")
        return min(self.refused.values(), key=lambda one: one.is_permanent)
