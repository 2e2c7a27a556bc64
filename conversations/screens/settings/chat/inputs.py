"""What is typed in the settings of a widget."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts import queries
from accounts.errors import DomainError
from accounts.models import Team, User
from conversations.chat import languages
from conversations.chat.actions import widgets
from conversations.models import Position, Widget
from conversations.screens.errors import refuse

PRESENCE = (("", lazy("No")), ("optional", lazy("Optional")), ("required", lazy("Required")))
TITLES = {"name": lazy("Name"), "email": lazy("Email address")}
_PLAIN = (
    "name", "language", "title", "greeting", "offline_message", "color", "position", "launcher_text", "follows_hours",
    "assistant_first", "accepts_files", "is_active",
)  # fmt: skip


def _languages() -> list[tuple[str, str]]:
    return [("", _("That of the page, or the visitor's")), *languages.names().items()]


class AddForm(forms.Form):
    """A new widget."""

    name = forms.CharField(max_length=100, label=lazy("Name"))
    allowed_origins = forms.CharField(max_length=20_000, required=False, label=lazy("Allowed websites"))


class ChangeForm(forms.Form):
    """All that can be changed of a widget."""

    name = forms.CharField(max_length=100, label=lazy("Name"))
    allowed_origins = forms.CharField(max_length=20_000, required=False, label=lazy("Allowed websites"))
    language = forms.ChoiceField(required=False, label=lazy("Language"))
    title = forms.CharField(max_length=widgets.LONGEST["title"], required=False, label=lazy("Title"))
    greeting = forms.CharField(max_length=widgets.LONGEST["greeting"], required=False, label=lazy("Greeting"))
    offline_message = forms.CharField(
        max_length=widgets.LONGEST["offline_message"], required=False, label=lazy("Message when you are away")
    )
    color = forms.CharField(max_length=7, label=lazy("Colour"))
    position = forms.ChoiceField(choices=Position.choices, label=lazy("Corner"))
    launcher_text = forms.CharField(
        max_length=widgets.LONGEST["launcher_text"], required=False, label=lazy("Text on the button")
    )
    follows_hours = forms.BooleanField(required=False, label=lazy("Away outside business hours"))
    assistant_first = forms.BooleanField(required=False, label=lazy("The assistant answers first"))
    accepts_files = forms.BooleanField(required=False, label=lazy("Customers can send files"))
    is_active = forms.BooleanField(required=False, label=lazy("Active"))
    team = forms.ChoiceField(required=False, label=lazy("Team"))
    assignee = forms.ChoiceField(required=False, label=lazy("Assigned to"))

    def __init__(self, widget: Widget, data: QueryDict | None = None) -> None:
        super().__init__(data, initial=_filled(widget))
        self.widget = widget
        self._teams: dict[str, Team] = {str(one.pk): one for one in queries.teams()}
        self._people: dict[str, User] = {str(one.pk): one for one in queries.assignable()}
        self.fields["language"].choices = _languages()  # type: ignore[attr-defined]
        self.fields["team"].choices = [("", _("No team")), *((pk, one.name) for pk, one in self._teams.items())]  # type: ignore[attr-defined]
        people = ((pk, one.name or one.email) for pk, one in self._people.items())
        self.fields["assignee"].choices = [("", _("Unassigned")), *people]  # type: ignore[attr-defined]
        for name in widgets.ASKED:
            self.fields[f"standard_{name}"] = forms.ChoiceField(choices=PRESENCE, required=False, label=TITLES[name])
            self.initial[f"standard_{name}"] = widget.standard.get(name, "")

    @property
    def values(self) -> dict[str, Any]:
        """For the verb. The form is valid."""
        given = self.cleaned_data
        asked = {name: given[f"standard_{name}"] for name in widgets.ASKED}
        return {
            **{name: given[name] for name in _PLAIN},
            "allowed_origins": given["allowed_origins"].split(),
            "standard": {name: mode for name, mode in asked.items() if mode},
            "team": self._teams.get(given["team"]),
            "assignee": self._people.get(given["assignee"]),
        }

    def refuse(self, error: DomainError) -> None:
        """Show what a verb refused beside its field."""
        refuse(self, error)


def _filled(widget: Widget) -> dict[str, Any]:
    return {
        **{name: getattr(widget, name) for name in _PLAIN},
        "allowed_origins": "\n".join(widget.allowed_origins),
        "team": str(widget.team_id or ""),
        "assignee": str(widget.assignee_id or ""),
    }
