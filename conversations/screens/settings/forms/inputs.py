"""What is typed in the settings of a form. Questions are rows, of which some are blank: those without a text are left out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts import queries
from accounts.errors import DomainError
from accounts.models import Team, User
from conversations.forms import fields, languages
from conversations.models import Form, FormKind
from conversations.screens.errors import refuse

PRESENCE = (("", lazy("No")), ("optional", lazy("Optional")), ("required", lazy("Required")))
TITLES = {
    "name": lazy("Name"),
    "email": lazy("Email address"),
    "phone": lazy("Phone number"),
    "subject": lazy("Subject"),
    "message": lazy("Message"),
    "files": lazy("Files"),
}
BLANK_ROWS = 3


class AddForm(forms.Form):
    """A new form."""

    name = forms.CharField(max_length=100, label=lazy("Name"))
    kind = forms.ChoiceField(choices=FormKind.choices, label=lazy("What customers do"), initial=FormKind.CONTACT)
    language = forms.ChoiceField(label=lazy("Language"), initial="en")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["language"].choices = list(languages.names().items())  # type: ignore[attr-defined]


class ChangeForm(forms.Form):
    """All that can be changed of a form."""

    name = forms.CharField(max_length=100, label=lazy("Name"))
    language = forms.ChoiceField(label=lazy("Language"))
    title = forms.CharField(max_length=200, required=False, label=lazy("Title"))
    intro = forms.CharField(max_length=5_000, required=False, label=lazy("Introduction"))
    thanks = forms.CharField(max_length=5_000, required=False, label=lazy("Thank-you text"))
    consent = forms.CharField(max_length=2_000, required=False, label=lazy("Consent text"))
    consent_url = forms.CharField(max_length=2_000, required=False, label=lazy("Link to your privacy policy"))
    country = forms.CharField(max_length=2, required=False, label=lazy("Country"))
    allowed_origins = forms.CharField(max_length=20_000, required=False, label=lazy("Websites that may show it"))
    team = forms.ChoiceField(required=False, label=lazy("Team"))
    assignee = forms.ChoiceField(required=False, label=lazy("Assigned to"))
    is_active = forms.BooleanField(required=False, label=lazy("Takes messages"))

    def __init__(self, form: Form, data: QueryDict | None = None) -> None:
        super().__init__(data, initial=_filled(form))
        self.form = form
        self._teams: dict[str, Team] = {str(one.pk): one for one in queries.teams()}
        self._people: dict[str, User] = {str(one.pk): one for one in queries.assignable()}
        self.fields["language"].choices = list(languages.names().items())  # type: ignore[attr-defined]
        self.fields["team"].choices = [("", _("No team")), *((pk, one.name) for pk, one in self._teams.items())]  # type: ignore[attr-defined]
        people = ((pk, one.name or one.email) for pk, one in self._people.items())
        self.fields["assignee"].choices = [("", _("Unassigned")), *people]  # type: ignore[attr-defined]
        for name in fields.STANDARD:
            self.fields[f"standard_{name}"] = forms.ChoiceField(choices=PRESENCE, required=False, label=TITLES[name])
            self.initial[f"standard_{name}"] = form.standard.get(name, "")
        self.rows = _typed(data) if data is not None else [*form.questions, *({} for _ in range(BLANK_ROWS))]
        """The questions as the page shows them."""

    @property
    def values(self) -> dict[str, Any]:
        """For the verb. The form is valid."""
        given = self.cleaned_data
        plain = ("name", "language", "title", "intro", "thanks", "consent", "consent_url", "country", "is_active")
        return {
            **{name: given[name] for name in plain},
            "allowed_origins": given["allowed_origins"].split(),
            "team": self._teams.get(given["team"]),
            "assignee": self._people.get(given["assignee"]),
            "standard": {name: given[f"standard_{name}"] for name in fields.STANDARD},
            "questions": self.rows,
        }

    def refuse(self, error: DomainError) -> None:
        """Show what a verb refused beside its field."""
        refuse(self, error)


def _filled(form: Form) -> dict[str, Any]:
    names = ("name", "language", "title", "intro", "thanks", "consent", "consent_url", "country", "is_active")
    return {
        **{name: getattr(form, name) for name in names},
        "allowed_origins": "\n".join(form.allowed_origins),
        "team": str(form.team_id or ""),
        "assignee": str(form.assignee_id or ""),
    }


def _typed(data: QueryDict) -> list[dict[str, Any]]:
    rows = []
    for number in range(1, fields.MOST_QUESTIONS + BLANK_ROWS + 1):
        begin = f"question-{number}-"
        if f"{begin}text" in data:
            rows.append({
                "key": data.get(f"{begin}key", ""),
                "text": data.get(f"{begin}text", ""),
                "kind": data.get(f"{begin}kind", ""),
                "is_required": f"{begin}required" in data,
                "choices": data.get(f"{begin}choices", "").splitlines(),
            })  # fmt: skip
    return rows
