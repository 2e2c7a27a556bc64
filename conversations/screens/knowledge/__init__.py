"""The knowledge base: articles and macros, listed, read and written.

For: agents, and viewers who read along. In: forms (`forms`), and searches. Out: pages and fragments, and the composer's macros.
`articles` and `macros` hold the views, `labels` the texts of empty lists. Only `screens.urls` imports it; it imports the shell of the
screens, and the room `conversations.knowledge`.
"""
