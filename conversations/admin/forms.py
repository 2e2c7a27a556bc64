"""What can be done on a conversation's page: each form is one verb, in the words of the person who presses the button."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime

from accounts import queries as account_queries
from accounts.errors import Invalid
from accounts.models import Team, User
from accounts.permissions import Actor
from conversations import actions, priorities
from conversations.actions.lifecycle import STATUS_NAMES
from conversations.actions.senders import Sender
from conversations.models import Conversation
from tickets import queries as ticket_queries
from tickets import tags
from tickets.models import Ticket


class VerbForm(forms.Form):
    """A form of the page. It is made inside the workspace's scope, which limits whom and what can be chosen."""

    key: ClassVar[str]
    title: ClassVar[str]
    button: ClassVar[str]
    done: ClassVar[str]

    def __init__(self, conversation: Conversation, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, prefix=self.key, initial=self.initial_of(conversation))
        self.conversation = conversation

    def initial_of(self, conversation: Conversation) -> dict[str, Any]:
        """The initial values of the fields."""
        return {}

    def carry_out(self, *, user: User, by: Actor, at: datetime) -> None:
        """Call the verb. Raises DomainError."""
        raise NotImplementedError


class ReplyForm(VerbForm):
    """An answer to the customer."""

    key, title, button, done = "reply", "Reply to the customer", "Send reply", "Reply sent."
    body = forms.CharField(label="Reply", widget=forms.Textarea(attrs={"rows": 6}), strip=False)
    file = forms.FileField(required=False, label="Attach a file")
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def initial_of(self, conversation: Conversation) -> dict[str, Any]:
        return {"seen": conversation.last_message_id or 0}

    def carry_out(self, *, user: User, by: Actor, at: datetime) -> None:
        upload = self.cleaned_data["file"]
        actions.reply(
            conversation=self.conversation,
            body=self.cleaned_data["body"],
            # The customer hears from a person, also where a superuser acts as the desk itself.
            sender=Sender.agent(user),
            uploads=[upload] if upload else (),
            expected_last=self.cleaned_data["seen"],
            by=by,
            at=at,
        )


class NoteForm(VerbForm):
    """An internal note."""

    key, title, button, done = "note", "Internal note", "Add note", "Note added."
    body = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}), strip=False)

    def carry_out(self, *, user: User, by: Actor, at: datetime) -> None:
        actions.note(
            conversation=self.conversation, body=self.cleaned_data["body"], sender=Sender.agent(user), by=by, at=at
        )


class AssignForm(VerbForm):
    """Who answers."""

    key, title, button, done = "assign", "Assignee", "Assign", "Assignee changed."
    assignee: forms.ModelChoiceField[User] = forms.ModelChoiceField(
        queryset=None, required=False, empty_label="Unassigned", label="Person"
    )
    team: forms.ModelChoiceField[Team] = forms.ModelChoiceField(queryset=None, required=False, empty_label="No team")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("assignee", account_queries.assignable()), ("team", account_queries.teams())):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows

    def initial_of(self, conversation: Conversation) -> dict[str, Any]:
        return {"assignee": conversation.assignee_id, "team": conversation.team_id}

    def carry_out(self, *, user: User, by: Actor, at: datetime) -> None:
        data = self.cleaned_data
        actions.assign(conversation=self.conversation, to=data["assignee"], team=data["team"], by=by, at=at)


class StatusForm(VerbForm):
    """Whose turn it is."""

    key, title, button, done = "status", "Status", "Set status", "Status changed."
    status = forms.ChoiceField(choices=STATUS_NAMES.items())

    def initial_of(self, conversation: Conversation) -> dict[str, Any]:
        return {"status": conversation.status}

    def carry_out(self, *, user: User, by: Actor, at: datetime) -> None:
        actions.set_status(conversation=self.conversation, status=self.cleaned_data["status"], by=by, at=at)


class PriorityForm(VerbForm):
    """How urgent it is."""

    key, title, button, done = "priority", "Priority", "Set priority", "Priority changed."
    priority = forms.CharField(max_length=32, help_text=f"One of {', '.join(priorities.RANKS)}, or a word of your own.")

    def initial_of(self, conversation: Conversation) -> dict[str, Any]:
        return {"priority": conversation.priority}

    def carry_out(self, *, user: User, by: Actor, at: datetime) -> None:
        actions.set_priority(conversation=self.conversation, priority=self.cleaned_data["priority"], by=by, at=at)


class TagsForm(VerbForm):
    """What it is about, in tags."""

    key, title, button, done = "tags", "Tags", "Set tags", "Tags changed."
    tags = forms.CharField(
        required=False, strip=False, help_text="Separated by commas. Put a tag that contains a comma in quotes."
    )

    def initial_of(self, conversation: Conversation) -> dict[str, Any]:
        return {"tags": tags.line(conversation.tags)}

    def carry_out(self, *, user: User, by: Actor, at: datetime) -> None:
        names = tags.parsed(self.cleaned_data["tags"], self.conversation.tags)
        actions.set_tags(conversation=self.conversation, names=names, by=by, at=at)


class SubjectForm(VerbForm):
    """What it is about, in a line."""

    key, title, button, done = "subject", "Subject", "Change subject", "Subject changed."
    subject = forms.CharField()

    def initial_of(self, conversation: Conversation) -> dict[str, Any]:
        return {"subject": conversation.subject}

    def carry_out(self, *, user: User, by: Actor, at: datetime) -> None:
        actions.edit_subject(conversation=self.conversation, subject=self.cleaned_data["subject"], by=by, at=at)


class SnoozeForm(VerbForm):
    """Until when it is snoozed; empty unsnoozes it."""

    key, title, button, done = "snooze", "Snooze", "Snooze or unsnooze", "Snooze changed."
    until = forms.SplitDateTimeField(
        required=False,
        widget=AdminSplitDateTime(attrs={"aria-label": "Snooze until, in UTC"}),
        help_text="In UTC. Leave empty to unsnooze.",
    )

    def initial_of(self, conversation: Conversation) -> dict[str, Any]:
        return {"until": conversation.snoozed_until}

    def carry_out(self, *, user: User, by: Actor, at: datetime) -> None:
        until = self.cleaned_data["until"]
        if until is None:
            actions.unsnooze(conversation=self.conversation, by=by, at=at)
        else:
            actions.snooze(conversation=self.conversation, until=until, by=by, at=at)


class TicketForm(VerbForm):
    """Which ticket it belongs to: a new one, one that is there, or none."""

    key, title, button, done = "ticket", "Ticket", "Set ticket", "Ticket changed."
    what = forms.ChoiceField(
        label="Action",
        choices=[("open", "Open a ticket"), ("link", "Link to a ticket"), ("unlink", "Unlink")],
    )
    number = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, label="Ticket number")
    reason = forms.CharField(required=False, max_length=2000, help_text="For a new ticket.")

    def initial_of(self, conversation: Conversation) -> dict[str, Any]:
        if conversation.ticket is None:
            return {"what": "open"}
        return {"what": "unlink", "number": conversation.ticket.number}

    def carry_out(self, *, user: User, by: Actor, at: datetime) -> None:
        data = self.cleaned_data
        if data["what"] == "open":
            actions.escalate(conversation=self.conversation, reason=data["reason"] or None, by=by, at=at)
        elif data["what"] == "unlink":
            actions.unlink(conversation=self.conversation, by=by, at=at)
        else:
            try:
                ticket = ticket_queries.ticket_by_number(data["number"] or 0)
            except Ticket.DoesNotExist as error:
                raise Invalid("there is no ticket with this number", field="number") from error
            actions.link(conversation=self.conversation, ticket=ticket, by=by, at=at)


class ReadForm(VerbForm):
    """Marks as read."""

    key, title, button, done = "read", "Unread", "Mark as read", "Marked as read."

    def carry_out(self, *, user: User, by: Actor, at: datetime) -> None:
        actions.mark_read(conversation=self.conversation, by=by, at=at)


WRITING: tuple[type[VerbForm], ...] = (ReplyForm, NoteForm)
SORTING: tuple[type[VerbForm], ...] = (
    StatusForm, AssignForm, PriorityForm, TagsForm, SubjectForm, SnoozeForm, TicketForm, ReadForm,
)  # fmt: skip
FORMS = {form.key: form for form in (*WRITING, *SORTING)}
