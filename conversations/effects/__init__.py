"""One vocabulary of what is done to a conversation: macros, changes of many conversations at once, and rules are written in it.

In: JSON as it is stored, such as `[{"do": "assign", "to": "member:12"}, {"do": "snooze", "until": "tomorrow 9:00"}]`.
Out: `Effect` values that nothing is hidden in, so that showing what they would change and doing it are two readings of the same list.
Nothing here writes rows: the verbs of `conversations.actions` do, in the order of the list. Knows no screens.
"""

from conversations.effects.doing import Applied, apply
from conversations.effects.planning import Planned, planned
from conversations.effects.vocabulary import KINDS, MOST, Effect, as_json, parse, read
from conversations.effects.wording import described, described_each

__all__ = [
    "KINDS",
    "MOST",
    "Applied",
    "Effect",
    "Planned",
    "apply",
    "as_json",
    "described",
    "described_each",
    "parse",
    "planned",
    "read",
]
