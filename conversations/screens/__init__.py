"""The agents' screens, one folder a section, with the same file names inside: urls, views, forms, labels.

For: members of a workspace in a browser. Every screen works without script; with it, fragments replace parts.
In: requests of signed-in members, as `accounts.web.middleware` hands them on. Out: pages and fragments, and calls of one verb each.

`sections` names the folders and what each brings to the rail and the keyboard, `shell` holds what every screen shares, `shortcuts`
says what a key is; `errors`, `dates` and `empty` hold texts. Config and template tags import it; it imports queries and verbs.
"""
