"""Announcing events to those who follow their workspace: once their transaction is committed, by the process that wrote them.

The transaction says so with its first event (`SETTING`): the journal's trigger announces the others, which are written in SQL
or by a version before. Where the process or its connection dies in between, nobody announces: the live hub and the
dispatcher look by themselves every few seconds (`LOOK_EVERY`). See docs/adr/0026.
"""

CHANNEL = "parley_events"
"""The channel of the journal; its payload is a workspace id."""
SETTING = "parley.announces"
"""`on` in a transaction whose events are announced after its commit."""
LOOK_EVERY = 5.0
"""Seconds after which what nobody has announced is found all the same."""
