"""A month in the life of a support desk, for a newcomer to look around in: `manage.py seed_demo`.

Northwind makes weather stations, an app and an API. What everyone writes is in `content/`, whose README says how to
edit it; `documents` reads and checks it. `cast` is the team and its customers, `month` the times, and `play` writes
the conversations through the verbs alone, so that a demo conversation is like any other.
"""
