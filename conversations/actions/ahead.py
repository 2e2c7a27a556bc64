"""Holding what several changes of one conversation will lock, in the one order, before the first of them is made."""

from __future__ import annotations

from collections.abc import Iterable

from conversations.actions import locking, turns
from conversations.models import Conversation
from tickets.actions import NUMBERS
from tickets.models import Ticket


def hold(
    conversation: Conversation, *, tally: bool = True, tickets: Iterable[int] = (), numbers: bool = False
) -> Conversation:
    """The conversation as it is now, held with its ticket and those of these ids; on request the tallies of conversations and of tickets.

    For what makes several changes in an order that is not that of the locks (`accounts.transaction`), in one transaction.
    """
    conversation = locking.locked(conversation)
    if tally:
        turns.TALLY.hold(conversation.workspace_id)
    ids = {*tickets, *([conversation.ticket_id] if conversation.ticket_id is not None else [])}
    if ids:
        list(Ticket.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=ids).order_by("pk"))
    if numbers:
        NUMBERS.hold(conversation.workspace_id)
    return conversation
