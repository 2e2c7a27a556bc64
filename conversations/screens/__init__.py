"""The agents' screens, one folder a section, with the same file names inside: urls, views, forms, labels.

In come requests of signed-in members, as `accounts.web.middleware` hands them on; out go pages and fragments. `shell` holds what every
screen shares, `shortcuts` the keys, `errors`, `dates` and `empty` the words. Screens read through queries and change through verbs;
nothing below may import them.
"""
