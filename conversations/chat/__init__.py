"""Live chat, whichever client it comes by: widgets, visitors' sessions and proofs, and what visitors do in their conversations.

For: the desk's own widget (`channels.chat`) and the formats of other products' widgets. In: what a browser sent, which may be
anything. Out: rows, and what a visitor may see of them. The channels and formats import it; it imports the core verbs and the assistant.
"""
