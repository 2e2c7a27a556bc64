"""A month in the life of a support desk, for a newcomer to look around in: `manage.py seed_demo`.

For: Northwind, which makes weather stations, an app and an API, and whose team answers its customers here.
In: what everyone writes, as files in `content/`, whose README says how to edit it; `documents` reads and checks it.
Out: conversations, articles and people, written through the verbs alone, so that a demo conversation is like any other.

`cast` is the team and its customers, `month` the times, `play` writes. Only the command `seed_demo` and tests import it, and the
table of URLs `shop`, a page with the demo's chat.
"""
