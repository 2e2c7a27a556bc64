"""Mailboxes: the list, adding one, changing one, testing a connection, signing in at a provider, and health.

For: owners and admins; `health` is for agents too, who cannot change anything there.
In: forms of members. Out: pages, and fragments that htmx asks for; each works without script.
`urls` imports the views; nothing else does.
"""
