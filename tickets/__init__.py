"""Work that is tracked: a ticket has a number, a state, an owner, a priority and a deadline; and when it is worked on.

For: the apps above, as a library without HTTP. A conversation points at its ticket; a ticket knows no conversation.
In: calls of the verbs in `actions`, with `by` and `at`. Out: rows, and events in the journal.

`lifecycle` is the pure rule of states, `hours` that of business hours, `tags` keeps tags each once, `unread` counts for a badge, `queries` finds tickets.
Conversations and config import it; it imports accounts alone.
"""
