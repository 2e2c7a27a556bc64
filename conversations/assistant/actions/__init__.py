"""The verbs of the assistant: answering, what waits, proposals, handing over, suggestions for agents."""

from conversations.assistant.actions.answering import (
    answer_run,
    append_message,
    ask_assistant,
    cancel_run,
    delete_thread,
    fail_run,
    recover_run,
)
from conversations.assistant.actions.hand_over import give_way, hand_over, settle, take_over
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
    "delete_thread", "dismiss_suggestion", "edit_queued", "enqueue", "fail_run", "fail_suggestion", "give_way", "hand_over",
    "judge_suggestions", "make_suggestion", "recover_run", "remove_queued", "request_suggestion", "settle",
    "take_over",
]  # fmt: skip
