"""A month in the life of a support desk, for a newcomer to look around in: `manage.py seed_demo`.

Northwind makes weather stations, an app and an API. `stories_*` hold what was said, `cast` who said it, `month` when,
and `play` writes it down, through the verbs alone, so that a demo conversation is like any other. `knowledge` holds
what the team has written down for itself and for its customers.
"""
