"""The form of a person's preferences."""

from __future__ import annotations

from django import forms


class PreferencesForm(forms.Form):
    """How one person likes the desk; only what is sent changes."""

    theme = forms.ChoiceField(choices=[("system", ""), ("light", ""), ("dark", "")], required=False)
    shortcuts = forms.ChoiceField(choices=[("on", ""), ("off", "")], required=False)
    side = forms.ChoiceField(choices=[("open", ""), ("closed", "")], required=False)
