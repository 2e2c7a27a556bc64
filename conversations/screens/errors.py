"""Error messages for the refusals of verbs."""

from __future__ import annotations

from django.forms import Form

from accounts.errors import Conflict, DomainError, Invalid, sentence

_ERRORS: dict[str, str] = {
    "thread_changed": "Something new came in while you were writing. Review it, then send again.",
    "draft_changed": "This draft was changed in another tab or on another device.",
    "file_gone": "A file is no longer there. Attach it again.",
    "sent_already": "This was already sent before you changed it. Check the thread, then send what is missing.",
    "left_already": "It has been sent already.",
    "cancelled": "It was cancelled.",
    "held": "New messages came in. Review it, then send it.",
    "not_scheduled": "It is no longer scheduled.",
    "changed_since": "The conversation has changed since. Nothing was undone.",
    "spam": "One of them is spam. Mark it as not spam first.",
    "joined": "This conversation was joined into another one.",
    "assistant": "The assistant takes part in it. Take over first.",
    "two_tickets": "Both have a ticket. Unlink one of them first.",
    "linked_elsewhere": "It is linked to another ticket. Unlink it there first.",
    "no_conversation": "Link a conversation first.",
    "no_ticket": "This conversation has no ticket any more.",
    "unknown_ticket": "There is no ticket with this number.",
    "unknown_conversation": "There is no conversation with this number.",
    "has_ticket": "It is linked to a ticket. Unlink it first.",
    "nothing_left": "These are all messages. Choose fewer, or change the subject instead.",
    "blank": "Write something first.",
    "too_long": "This text is too long.",
    "too_large": "A file is too large.",
    "not_text": "This contains characters that are not text.",
    "name_taken": "A macro with this name already exists.",
    "article_changed": "Someone else has changed this article. Saving again replaces their version.",
    "forbidden": "Your role does not allow this.",
    "quota_limit_exceeded": "The assistant's budget for this month is used up.",
}
_FIELDS: dict[str, str] = {
    "assignee": "Conversations can't be assigned to this person.",
    "until": "Pick a time in the future.",
    "send_after": "Pick a time within a year.",
    "tags": "You can add up to 100 tags of up to 100 characters each.",
    "priority": "A priority has 1 to 32 characters.",
    "subject": "A subject has 1 to 10,000 characters.",
    "status": "Unknown status.",
    "ticket": "This conversation already has a ticket.",
    "to": "This is the conversation that it is in.",
    "into": "Choose another conversation.",
    "block": "This sender can't be blocked.",
    "files": "You can attach up to 10 files. Empty files are not accepted.",
}


_SENTENCES = frozenset({"outside_recipients", "no_recipient", "own_address", "not_an_address"})
"""The codes of errors whose message is for a person as it is."""
_OF_VALUES = frozenset({"attribute_value", "input"})
"""The codes of errors whose message is a sentence but for its capital and its point."""


def no_conversation() -> Invalid:
    """The error for a number that a person typed."""
    return Invalid("there is no conversation with this number", field="conversation", code="unknown_conversation")


def no_ticket() -> Conflict:
    """The error for a change of a ticket from which the conversation was unlinked meanwhile."""
    return Conflict("the conversation has no ticket", code="no_ticket")


def no_ticket_of_number() -> Invalid:
    """The error for a ticket's number that a person typed."""
    return Invalid("there is no ticket with this number", field="number", code="unknown_ticket")


def of_input(form: Form) -> Invalid:
    """The error for a form that is not valid."""
    return Invalid(of_form(form), code="input")


def linked_elsewhere() -> Conflict:
    """The error for a conversation that has another ticket."""
    return Conflict("the conversation has another ticket", code="linked_elsewhere")


def changed_since() -> Conflict:
    """The error for an undo of what somebody else has changed since."""
    return Conflict("it has changed since", code="changed_since")


def of_error(error: DomainError) -> str:
    """The message for a person."""
    if error.code in _SENTENCES:
        return error.message
    if error.code in _OF_VALUES:
        return sentence(error)
    if isinstance(error, Conflict) and error.field in _FIELDS:
        return _FIELDS[error.field]
    if error.code in _ERRORS and not (error.code == "blank" and error.field not in ("body", None)):
        return _ERRORS[error.code]
    return _FIELDS.get(error.field or "", f"That did not work: {error.message}.")


def of_form(form: Form) -> str:
    """What is wrong with a form, in one line."""
    return " ".join(str(error) for errors in form.errors.values() for error in errors)
