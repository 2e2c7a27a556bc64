"""Questions that several doors ask: rows fully loaded, in the open workspace scope.

For: screens, wire formats, admin and verbs. In: what is wanted, as values. Out: query sets, rows, and pages (`paging`).

`conversations`, `thread` and `tickets` ask for rows. `search` says what a search looks for (`patterns` compares texts), and `newest`
finds the newest rows that hold it. It imports models, texts and the tickets' queries.
"""
