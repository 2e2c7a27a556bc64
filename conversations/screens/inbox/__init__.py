"""The inbox: the list, the thread beside it, and writing in it.

`queries` and `place` say which conversations are shown, `lists` and `threads` read, `writing`, `changes` and `suggestions` call one verb
each, `timeline` and `labels` word the thread, `stream` says what happens. It imports the shell of the screens, queries and
verbs; only `screens/urls.py` imports it.
"""
