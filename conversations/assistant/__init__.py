"""The assistant: it answers customers in conversations of its own, and drafts replies for agents.

For: threads with their runs and queue, proposals, handing over to people, suggestions and the ledger of what each cost.
In: questions, decisions and cancellations, by the verbs in `actions`; jobs of the worker, in `tasks`. Out: messages, and frames.

`runs` is the machinery of a run, `frames` what its watchers are shown, `watching` how they follow it, `recovery` what is done
about lost ones. `questions` makes what an engine is asked, `engines` answer, `choice` is what a workspace has chosen.
Screens, wire formats, jobs and commands may import it; it imports the desk's verbs, knowledge, queries and rows.
"""
