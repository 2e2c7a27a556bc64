"""Texts, by pure functions: what may be kept, words as search compares them, names of people, addresses in a text.

For: whatever reads or prints what people wrote, without rows, settings or a clock.
In: texts as they were typed or stored. Out: texts, and what was found in them; ValueError or `Invalid` for what cannot be taken.
Who may import it: every room of `conversations`. It imports nothing of the desk but errors and plain helpers of `accounts`.
"""
