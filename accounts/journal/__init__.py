"""The journal: every change of the desk is one line in it, written in the transaction of the change.

For: every change of the desk, what follows from it, and the people who ask what happened.
In: an event type with a row and plain values. Out: lines, each committed with its change; `lines_of` has those of one row.

Verbs import the package and call `record` with an event type of their app's `events` module. The worker dispatches each line
to the reactions that `subscribe` registered, with `drain`. The audit pages and the live streams read the same lines.
"""

from accounts.journal.batched import batched
from accounts.journal.catalogue import EventType, UnknownEvent, catalogue, define
from accounts.journal.dispatch import BATCH, MAX_DEPTH, concerns, drain, subscribe
from accounts.journal.reading import lines_of
from accounts.journal.record import caused_by, record, record_each, recorded

__all__ = [
    "BATCH", "MAX_DEPTH", "EventType", "UnknownEvent", "batched", "catalogue", "caused_by", "concerns", "define", "drain", "lines_of", "record", "record_each",
    "recorded", "subscribe",
]  # fmt: skip
