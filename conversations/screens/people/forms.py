"""The form of an invitation."""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from accounts.permissions import Role


class InvitationForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(max_length=254)
    role = forms.ChoiceField(initial=Role.AGENT)

    def __init__(self, roles: list[tuple[str, str]], data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.fields["role"].choices = roles  # type: ignore[attr-defined]
