"""How many conversations."""

MOST = 10_000
"""Conversations of one job; of more that match, the first of the list are taken."""
AT_ONCE = 25
"""Up to which a request does them itself."""
KEPT_DAYS = 30
"""For how long a job, its report and its undo are kept."""
