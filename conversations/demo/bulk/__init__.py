"""Bulk data: a desk full of invented conversations that follow from a seed, each stored as the verbs would have stored it.

For: `seed_demo --conversations`, benchmarks, and tests that want tables that have grown.
In: a `Plan` with the number of conversations, entries and agents, the seed and the present; `fill` does the rest. Out: workspaces with
their people; rows that were written by COPY, whole in each piece, with all counts, tokens and the journal's lines but those
of single messages.
`plan` divides the work, `talks`, `threads` and `tickets` invent what happens, `texts` and `people` who writes what, `conversation_rows`
and its neighbours print the rows, and `storing` writes them. It imports the verbs, models and the demo's files.
"""

from conversations.demo.bulk.filling import fill
from conversations.demo.bulk.plan import Plan

__all__ = ["Plan", "fill"]
