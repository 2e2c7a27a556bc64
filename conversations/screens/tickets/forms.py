"""The forms of a ticket, which read input; the verbs check it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.text import whole_number
from conversations.screens.ticketing import Field, OwnerForm
from tickets.models import TicketPriority


class SubjectForm(Field):
    subject = forms.CharField(required=False, max_length=500)


class ReasonForm(Field):
    reason = forms.CharField(required=False, max_length=2000, widget=forms.Textarea)


class AttributesForm(Field):
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
    """One text for many; `then` resolves each conversation with it. What comes again with its `send_id` is sent once."""

    body = forms.CharField(strip=False)
    then = forms.ChoiceField(choices=[("resolved", "")], required=False)
    ticket = forms.ChoiceField(choices=[("resolved", "")], required=False)
    to = forms.Field(required=False)
    send_id = forms.UUIDField(required=False)

    def clean_body(self) -> str:
        return str(self.cleaned_data["body"]).replace("\r\n", "\n")
