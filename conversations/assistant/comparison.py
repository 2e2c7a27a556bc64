"""What a reply makes of the draft that was offered for it: pure comparison."""

from __future__ import annotations

from difflib import SequenceMatcher

from conversations.models import Outcome

STILL_ITS_OWN = 0.5
"""How much of a draft's words a reply must keep, in their order, to count as the draft, edited."""


def outcome(draft: str, reply: str) -> Outcome:
    """Accepted, edited, or rejected for another answer. White space does not count."""
    drafted, sent = draft.split(), reply.split()
    if drafted == sent:
        return Outcome.ACCEPTED
    # The rest of the reply may well be added to it.
    kept = sum(block.size for block in SequenceMatcher(None, drafted, sent, autojunk=False).get_matching_blocks())
    return Outcome.EDITED if drafted and kept / len(drafted) >= STILL_ITS_OWN else Outcome.REJECTED
