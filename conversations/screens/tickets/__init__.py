"""Tickets: their list, their board, the page of each, and the reply to all of a ticket's customers.

For: agents who track work that outlasts a reply; viewers read.
In: requests of members. Out: pages and fragments; every change is one verb of `tickets.actions` or `conversations.actions`.

`queries` narrows and pages, `list_rows` makes what list and board print, `labels` has the words, `changes` the views that call a verb.
It imports the screens' shared modules; no other section imports it.
"""
