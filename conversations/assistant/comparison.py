"""How much of a draft was used in a reply."""

from __future__ import annotations

from difflib import SequenceMatcher

from conversations.models import Outcome

LEAST_KEPT = 0.5
"""The share of a draft's words that a reply must keep, in their order, to count as an edited draft."""


def outcome(draft: str, reply: str) -> Outcome:
    """Accepted, edited, or rejected for another answer. White space does not count."""
    drafted, sent = draft.split(), reply.split()
    if drafted == sent:
        return Outcome.ACCEPTED
    # The reply may add any amount of text.
    kept = sum(block.size for block in SequenceMatcher(None, drafted, sent, autojunk=False).get_matching_blocks())
    return Outcome.EDITED if drafted and kept / len(drafted) >= LEAST_KEPT else Outcome.REJECTED
