"""Django admin for workspaces, people, invitations, keys and the journal.

For: owners and admins, in their own workspaces, and superusers, everywhere (`accounts.adminsite` says who reaches what).
In: forms of Django admin. Out: calls of verbs; admin writes no row by itself.

`base` holds the classes that every admin of the desk derives from, in this app and above.
`journal` shows recent activity, in the words of `accounts.activity`.
The apps above import `base`; nothing else is imported from here.
"""

from accounts.admin import invitations, journal, keys, people, push, workspaces

__all__ = ["invitations", "journal", "keys", "people", "push", "workspaces"]
