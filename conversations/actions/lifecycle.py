"""Pure rules of a conversation's state: what a message does to it. Products disagree, so the rule is a named policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from conversations.models import Status


def _moves(**moves: str) -> Mapping[str, str]:
    return MappingProxyType(moves)


STATUS_NAMES: dict[str, Promise] = {
    Status.OPEN: _("Open"),
    Status.PENDING: _("Waiting on customer"),
    Status.RESOLVED: _("Resolved"),
    Status.CLOSED: _("Closed"),
}
"""What people read for a status."""


@dataclass(frozen=True, slots=True)
class ReplyPolicy:
    """Which status follows a message. A status that is not named stays; a dialect or the workspace states the policy."""

    name: str
    on_agent: Mapping[str, str] = field(default_factory=_moves)
    on_customer: Mapping[str, str] = field(default_factory=_moves)
    is_answer: bool = True
    """Whether a reply is the answer that the customer waits for: it marks all as read and stops the clocks."""
    asks_for_answer: bool = True
    """Whether what comes in asks for an answer: it then counts as unread, ends a snooze, and somebody waits."""

    def after_agent(self, status: str) -> str:
        """The status once an agent has replied."""
        return self.on_agent.get(status, status)

    def after_customer(self, status: str) -> str:
        """The status once the customer has written."""
        return self.on_customer.get(status, status)


DESK = ReplyPolicy(
    name="desk",
    on_agent=_moves(open=Status.PENDING),
    on_customer=_moves(pending=Status.OPEN, resolved=Status.OPEN),
)
"""The desk's own: an agent's reply waits for the customer; a customer's message reopens it.

A closed conversation stays closed; the inbox shows it under "Replied after closing"."""

SEND_AND_RESOLVE = ReplyPolicy(name="send_and_resolve", on_agent=dict.fromkeys(Status.values, Status.RESOLVED))
"""A reply after which the conversation is resolved, whatever its status was."""

ASIDE = ReplyPolicy(name="aside", is_answer=False)
"""Not the team's answer, such as one of the assistant after a hand-over: the conversation still waits for the team."""

AUTOMATIC = ReplyPolicy(name="automatic", asks_for_answer=False)
"""What a machine sent, such as a note of absence: it is in the thread, and nobody waits for an answer to it."""
