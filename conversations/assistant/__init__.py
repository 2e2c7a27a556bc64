"""The assistant: it drafts answers for the team, from the thread and from what the desk has solved before.

`engine` says what an engine is and which one a workspace has chosen; `builtin` needs nothing outside the desk, `openai`
asks an OpenAI-compatible service; `retrieval` finds the thread and the earlier answers that either works from.
"""
