"""One bot, connected to Discord by discord.py: what happens there is put in order and passed to the desk.

For: the process that runs bots, which is the only one that imports this, and this is the only room that imports discord.py.
In: a bot, and what the gateway sends, which discord.py gives on as it is. Out: calls of the desk (`receiving`), in threads.

Events of one thread are worked off one after the other; those of several threads beside each other. The first message in a thread
after each connection has what came before it fetched, so that nothing that was written meanwhile is missed, whatever the gateway
replays. Each module builds on the one before: `connecting`, `chains`, `threads`, `session`, `running`.
"""
