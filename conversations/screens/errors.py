"""Error messages for the refusals of verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.forms import Form
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import errors
from accounts.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from conversations.screens.sentences import sentence, translated

T = TypeVar("T")

_ERRORS: dict[str, str | Promise] = {
    "thread_changed": _("Something new came in while you were writing. Review it, then send again."),
    "reply_waiting": _("A colleague's reply is about to be sent. Read it, then send again."),
    "draft_changed": _("This draft was changed in another tab or on another device."),
    "file_gone": _("A file is no longer there. Attach it again."),
    "sent_already": _("This was already sent before you changed it. Check the thread, then send what is missing."),
    "left_already": _("It has been sent already."),
    "cancelled": _("It was cancelled."),
    "held": _("New messages came in. Review it, then send it."),
    "not_scheduled": _("It is no longer scheduled."),
    "changed_since": _("The conversation has changed since. Nothing was undone."),
    "ticket_changed": _("The ticket has changed since. Nothing was undone."),
    "spam": _("One of them is spam. Mark it as not spam first."),
    "joined": _("This conversation was merged into another one."),
    "assistant": _("The assistant takes part in it. Take over first."),
    "two_tickets": _("Both have a ticket. Unlink one of them first."),
    "linked_elsewhere": _("It is linked to another ticket. Unlink it there first."),
    "no_ticket": _("This conversation has no ticket any more."),
    "unknown_ticket": _("There is no ticket with this number."),
    "no_conversation": _("Link a conversation first."),
    "unknown_conversation": _("There is no conversation with this number."),
    "has_ticket": _("It is linked to a ticket. Unlink it first."),
    "erased": _("This customer was erased. Nothing can be added or changed."),
    "unreachable": _("This customer was erased. Replies cannot reach them. Add a note instead."),
    "nothing_left": _("These are all messages. Choose fewer, or change the subject instead."),
    "blank": _("Write something first."),
    "too_long": _("This text is too long."),
    "too_large": _("A file is too large."),
    "not_text": _("This contains characters that are not text."),
    "name_taken": _("A macro with this name already exists."),
    "article_changed": _("Someone else has changed this article. Saving again replaces their version."),
    "forbidden": _("Your role does not allow this."),
    "quota_limit_exceeded": _("The assistant's budget for this month is used up."),
}
_FIELDS: dict[str, str | Promise] = {
    "assignee": _("Conversations can't be assigned to this person."),
    "until": _("Pick a time in the future."),
    "send_after": _("Pick a time within a year."),
    "tags": _("You can add up to 100 tags of up to 100 characters each."),
    "priority": _("A priority has 1 to 32 characters."),
    "subject": _("A subject has 1 to 10,000 characters."),
    "status": _("Unknown status."),
    "ticket": _("This conversation already has a ticket."),
    "to": _("This is the conversation that it is in."),
    "into": _("Choose another conversation."),
    "customer": _("Add a name, an email or a phone number."),
    "phone": _("Another customer has this phone number."),
    "block": _("This sender can't be blocked."),
    "files": _("You can attach up to 10 files. Empty files are not accepted."),
}


_SENTENCES = frozenset({"ticket_moved", "outside_recipients", "no_recipient", "own_address", "not_an_address"})
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


def ticket_changed() -> Conflict:
    """The error for an undo of what somebody else has changed in a ticket since."""
    return Conflict("the ticket has changed since", code="ticket_changed")


def ticket_moved(status: str | Promise) -> Conflict:
    """The error for a card that somebody else has moved meanwhile."""
    text = gettext("Someone has moved it meanwhile: its status is %(status)s.") % {"status": status}
    return Conflict(text, code="ticket_moved")


def of_error(error: DomainError) -> str:
    """The message for a person."""
    if error.code in _SENTENCES:
        return translated(error.message)
    if error.code in _OF_VALUES:
        return sentence(error)
    if isinstance(error, Conflict) and error.field in _FIELDS:
        return str(_FIELDS[error.field])
    if error.code in _ERRORS and not (error.code == "blank" and error.field not in ("body", None)):
        return str(_ERRORS[error.code])
    if (known := _FIELDS.get(error.field or "")) is not None:
        return str(known)
    plain, known = errors.sentence(error), sentence(error)
    return gettext("That did not work: %(reason)s.") % {"reason": error.message} if plain == known else known


def refuse(form: Form, error: DomainError) -> None:
    """Put the error to the field of the form that it is about, which it calls as the form does; else above all of them."""
    name = error.field if error.field in form.fields else None
    label = str(form.fields[name].label or "") if name is not None else ""
    form.add_error(name, sentence(error, name=label))


def of_form(form: Form) -> str:
    """What is wrong with a form, in one line."""
    return " ".join(str(error) for errors in form.errors.values() for error in errors)


def tried(form: Form, change: Callable[[dict[str, Any]], T], otherwise: T) -> tuple[T, str]:
    """What comes of a form's values, and an empty message; or `otherwise`, and what was wrong with them.

    Raises NotFound and Forbidden as they are: they have pages of their own.
    """
    if not form.is_valid():
        return otherwise, of_form(form)
    try:
        return change(form.cleaned_data), ""
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        return otherwise, of_error(error)
