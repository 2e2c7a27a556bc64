"""The verbs of the assistant: answering, what waits, proposals, handing over, suggestions for agents.

For: everything that changes a thread with the assistant, its runs, or the ledger of what the assistant wrote.
In: rows, plain values, `by` (the actor) and `at` (the moment), all by keyword. Out: the changed row; frames for watchers.
A thread is locked before its conversation, and a conversation before its ticket.

`threads`, `messages`, `proposing` and `ledger` hold what the verbs share; they permit and record nothing by themselves.
Doors, jobs and reactions import the package and name the verb; it imports the core verbs and the machinery of runs.
"""

from conversations.assistant.actions.answering import (
    answer_run,
    append_message,
    ask_assistant,
    cancel_run,
    delete_thread,
    fail_run,
    recover_run,
)
from conversations.assistant.actions.hand_over import hand_over, settle, take_over, take_over_if_answered
from conversations.assistant.actions.member_replies import leave, reply_as_member
from conversations.assistant.actions.proposals import decide_proposal
from conversations.assistant.actions.queue import begin_queued, clear_queue, edit_queued, enqueue, remove_queued
from conversations.assistant.actions.suggestions import (
    dismiss_suggestion,
    fail_suggestion,
    judge_suggestions,
    make_suggestion,
    request_suggestion,
)

__all__ = [
    "answer_run", "append_message", "ask_assistant", "begin_queued", "cancel_run", "clear_queue", "decide_proposal",
    "delete_thread", "dismiss_suggestion", "edit_queued", "enqueue", "fail_run", "fail_suggestion", "hand_over",
    "judge_suggestions", "leave", "make_suggestion", "recover_run", "remove_queued", "reply_as_member",
    "request_suggestion", "settle", "take_over", "take_over_if_answered",
]  # fmt: skip
