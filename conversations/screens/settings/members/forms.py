"""The form of an invitation."""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from accounts.permissions import Role


class InvitationForm(forms.Form):
    """An email address to invite, and the role."""

    email = forms.EmailField(max_length=254)
    role = forms.ChoiceField(initial=Role.AGENT)

    def __init__(self, roles: list[tuple[str, str]], data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.fields["role"].choices = roles  # type: ignore[attr-defined]
