"""The agents' screens, one folder a section, with the same file names inside: urls, views, forms, labels.

In come requests of signed-in members, as `accounts.web.middleware` hands them on; out go pages and fragments. `sections` names
the folders and what each brings to the rail and the keyboard, `shell` holds what every screen shares, `shortcuts` says what a key
is, and `errors`, `dates` and `empty` hold words. Screens read through queries and change through verbs; nothing below may import
them.
"""
