"""What wire formats share: the view set they derive from, and how each is found, answered and described.

A format is one folder under `conversations/dialects/`; nothing here knows any of them by name.
"""
