"""What is asked of a new API key."""

from __future__ import annotations

import uuid
from datetime import datetime, time

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts import permissions
from accounts.models import KeyKind


class KeyForm(forms.Form):
    """Name, kind, scopes, an end, and from where a public key may be used."""

    form_id = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    kind = forms.ChoiceField(
        choices=[
            (KeyKind.SERVER.value, gettext_lazy("Server key")),
            (KeyKind.CLIENT.value, gettext_lazy("Client key")),
        ],
        initial=KeyKind.SERVER.value,
    )
    scopes = forms.MultipleChoiceField(label=gettext_lazy("Scopes"))
    expires_on = forms.DateField(label=gettext_lazy("Last day"), required=False)
    allowed_origins = forms.CharField(label=gettext_lazy("Allowed origins"), required=False, max_length=5000)
    allowed_bundle_ids = forms.CharField(label=gettext_lazy("Allowed bundle IDs"), required=False, max_length=5000)
    unverified_identity = forms.BooleanField(
        label=gettext_lazy("Believe who its end users say they are"), required=False
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"form_id": uuid.uuid4(), "scopes": ["conversation:read", "conversation:write"]})
        self.fields["scopes"].choices = [(scope, scope) for scope in permissions.scopes()]  # type: ignore[attr-defined]

    @property
    def expires_at(self) -> datetime | None:
        """The end of the last day, in the time zone of the page."""
        day = self.cleaned_data["expires_on"]
        return None if day is None else timezone.make_aware(datetime.combine(day, time.max))

    def lines(self, name: str) -> list[str]:
        """The values of a field that has one per line."""
        return [line.strip() for line in self.cleaned_data[name].splitlines() if line.strip()]
