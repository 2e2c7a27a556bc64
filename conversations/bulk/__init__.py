"""Changing many conversations at once, as a job: with its progress, a report of every conversation, and its undo.

In: effects (`conversations.effects`) and the conversations that were chosen, at most MOST. Out: the job and its rows.
The worker does one conversation after the other, each in a transaction of its own with its result, by the verbs and as the
member who started the job: what that member may not do, or a conversation does not allow, is skipped with the reason.

`actions` are the verbs; `working` does the rows; `queries` count them; `tasks` forgets old jobs. Imports knowledge and all below it.
"""

from conversations.bulk.limits import AT_ONCE, MOST

__all__ = ["AT_ONCE", "MOST"]
