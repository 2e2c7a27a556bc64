"""The forms of a custom attribute."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from conversations.screens.sentences import sentence
from tickets.models import Attribute, AttributeKind, AttributeSubject

SUBJECTS = [
    (AttributeSubject.CONTACT.value, _("Customers")),
    (AttributeSubject.COMPANY.value, _("Companies")),
    (AttributeSubject.CONVERSATION.value, _("Conversations")),
    (AttributeSubject.TICKET.value, _("Tickets")),
]
KINDS = [
    (AttributeKind.TEXT.value, _("Text")),
    (AttributeKind.NUMBER.value, _("Whole number")),
    (AttributeKind.DECIMAL.value, _("Decimal number")),
    (AttributeKind.CHOICE.value, _("Choice")),
    (AttributeKind.BOOLEAN.value, _("Yes or no")),
    (AttributeKind.DATE.value, _("Date")),
    (AttributeKind.URL.value, _("Web address")),
]


class _AttributeForm(forms.Form):
    name = forms.CharField(max_length=100, label=_("Name"))
    choices = forms.CharField(max_length=30_000, required=False, label=_("Choices"))

    @property
    def listed(self) -> list[str]:
        """The choices, one a line."""
        return str(self.cleaned_data["choices"]).splitlines()

    def refuse(self, error: DomainError) -> None:
        """Show what the verb refused beside its field."""
        texts = {"attribute_taken": _("Another attribute has this name.")}
        self.add_error(error.field if error.field in self.fields else None, str(texts.get(error.code, sentence(error))))


class NewForm(_AttributeForm):
    """A new attribute."""

    subject = forms.ChoiceField(choices=SUBJECTS, label=_("Of"))
    kind = forms.ChoiceField(choices=KINDS, label=_("Kind"))


class EditForm(_AttributeForm):
    """The name of an attribute, and what can be chosen."""

    @classmethod
    def of(cls, attribute: Attribute, data: QueryDict | None = None) -> EditForm:
        """The form of an attribute, with what was typed."""
        return cls(data, initial={"name": attribute.name, "choices": "\n".join(attribute.choices)})
