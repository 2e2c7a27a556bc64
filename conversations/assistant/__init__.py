"""The assistant: it answers customers in conversations of its own, and suggests replies to agents.

For: threads with their runs and queue, proposals, handing over to people, suggestions and the ledger of what each cost.
In: questions, decisions and cancellations, by the verbs in `actions`; jobs of the worker, in `tasks`. Out: messages, and frames.

`runs` claims and follows runs, `frames` are what watchers are shown, `watching` streams them, `recovery` takes care of lost
runs. `questions` collects what an engine is asked, `engines` answer, `choice` holds the settings of a workspace.
Screens, wire formats, jobs and commands may import it; it imports the desk's verbs, knowledge, queries and rows.
"""
