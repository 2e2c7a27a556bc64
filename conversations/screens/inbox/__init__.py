"""The inbox: the list, the thread beside it, and writing in it.

For: agents who answer. In: where they are (`place`), and forms (`forms`). Out: pages, fragments, and the live stream (`stream`).

`queries` says which conversations a view holds, `card` reads one with all that its page shows, `lists` and `threads` read,
`writing`, `changes` and `suggestions` call one verb each, `timeline` and `labels` prepare the thread, `files` sends attachments. Only
`screens.urls` and template tags import it; it imports the shell of the screens, queries and verbs.
"""
