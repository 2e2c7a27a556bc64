"""Notifying members: of what is assigned to them, what customers and colleagues write to them, and of what went wrong.

For: members, each of whom chooses what they are notified of, and how (`accounts.notices`).
In: the journal's events (`reactions`). Out: rows of `Notification` for the bell (`writing`), mails to those who are away (`mails`), and
Web Push (`pushes`), all in the sentences of `sentences`; `reading` is for pages.

Nobody is notified of what they did themselves, nor of a conversation that they do not see. A notification is in no journal: its event is.
Screens import `reading`, `sentences` and `stopping`; nothing imports the rest.
"""
