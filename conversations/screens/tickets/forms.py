"""The forms of a ticket, which read input; the verbs check it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import queries as people
from accounts.models import Team, User
from accounts.text import whole_number
from conversations.screens.fields import LOCAL_FORMATS, LocalDateTimeField
from tickets.models import TicketPriority, TicketStatus


class StatusForm(forms.Form):
    """A status; `expected` is the one that an undo finds, unless somebody else has changed it."""

    status = forms.ChoiceField(choices=TicketStatus.choices)
    expected = forms.CharField(required=False)


class PriorityForm(forms.Form):
    """A priority, or none."""

    priority = forms.ChoiceField(choices=TicketPriority.choices, required=False)


class OwnerForm(forms.Form):
    """Who has it: `user-<id>`, `team-<id>`, or nobody."""

    owner = forms.CharField(required=False)

    def clean_owner(self) -> User | Team | None:
        kind, _sign, key = str(self.cleaned_data["owner"]).partition("-")
        found: User | Team | None = None
        if (pk := whole_number(key)) is not None:
            if kind == "user":
                found = people.assignable().filter(pk=pk).first()
            elif kind == "team":
                found = people.teams().filter(pk=pk).first()
        if kind and found is None:
            raise forms.ValidationError(_("This person or team is not in the workspace any more."))
        return found


class TagsForm(forms.Form):
    tags = forms.CharField(required=False, max_length=5000)


class SubjectForm(forms.Form):
    subject = forms.CharField(required=False, max_length=500)


class ReasonForm(forms.Form):
    reason = forms.CharField(required=False, max_length=2000, widget=forms.Textarea)


class WhenForm(forms.Form):
    """A moment in the member's time zone, or none."""

    when = LocalDateTimeField(required=False, input_formats=LOCAL_FORMATS)


class AttributesForm(forms.Form):
    """Nothing of its own: `conversations.screens.attributes` reads what was typed."""


class NoteForm(forms.Form):
    body = forms.CharField(strip=False)

    def clean_body(self) -> str:
        return str(self.cleaned_data["body"]).replace("\r\n", "\n")


class LinkForm(forms.Form):
    """A conversation's number, with or without its sign."""

    conversation = forms.CharField()

    def clean_conversation(self) -> int:
        number = whole_number(str(self.cleaned_data["conversation"]).strip().removeprefix("#"))
        if number is None:
            raise forms.ValidationError(_("Enter the number of a conversation, such as 42."))
        return number


class NewForm(forms.Form):
    """A ticket that an agent opens."""

    subject = forms.CharField(max_length=500)
    priority = forms.ChoiceField(choices=TicketPriority.choices, required=False)
    owner = forms.CharField(required=False)
    reason = forms.CharField(required=False, max_length=2000)
    conversation = forms.CharField(required=False)

    clean_owner = OwnerForm.clean_owner

    def clean_conversation(self) -> int | None:
        typed = str(self.cleaned_data["conversation"]).strip().removeprefix("#")
        if not typed:
            return None
        if (number := whole_number(typed)) is None:
            raise forms.ValidationError(_("Enter the number of a conversation, such as 42."))
        return number


class BroadcastForm(forms.Form):
    """One text for many; `then` resolves each conversation with it."""

    body = forms.CharField(strip=False)
    then = forms.ChoiceField(choices=[("resolved", "")], required=False)
    ticket = forms.ChoiceField(choices=[("resolved", "")], required=False)
    to = forms.Field(required=False)

    def clean_body(self) -> str:
        return str(self.cleaned_data["body"]).replace("\r\n", "\n")
