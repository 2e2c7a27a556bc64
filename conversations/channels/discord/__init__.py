"""Discord: posts of a forum and threads are conversations, which the workspace's own bot reads and answers in.

For: customers who write on the workspace's Discord server. Conversations that an API caller began have no thread here: that caller's own
bot fetches their replies.
In: what the gateway sends, read by `payloads`, put in order by `gateway` in a process of its own (`bots`, started by `running`), and
kept by `receiving` and the verbs of `actions`. Out: replies, which `delivery` posts by `api`; links by which members prove who they
are, which `tasks` sends.
The worker, the screens and the commands import it; nothing imports `gateway` and `bots` but the command that runs them, since they load
discord.py.
"""

ICON = "gamepad-2"
