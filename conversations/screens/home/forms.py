"""The form of a person's preferences."""

from __future__ import annotations

from django import forms


class PreferencesForm(forms.Form):
    """One person's preferences; only the fields that are sent change."""

    theme = forms.ChoiceField(choices=[("system", ""), ("light", ""), ("dark", "")], required=False)
    shortcuts = forms.ChoiceField(choices=[("on", ""), ("off", "")], required=False)
    side = forms.ChoiceField(choices=[("open", ""), ("closed", "")], required=False)
    density = forms.ChoiceField(choices=[("comfortable", ""), ("compact", "")], required=False)
