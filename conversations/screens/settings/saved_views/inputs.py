"""What is typed of a saved view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as lazy

from accounts import queries
from accounts.errors import DomainError
from accounts.models import Team
from accounts.permissions import Actor, Role
from conversations.models import SavedView, Visibility
from conversations.screens.sentences import sentence

SORTS = {
    "conversation": (("oldest", lazy("Longest waiting")), ("newest", lazy("Newest")), ("deadline", lazy("Deadline"))),
    "ticket": (("", lazy("Last changed")), ("created", lazy("Newest")), ("due", lazy("Due next"))),
}


def teams_for(actor: Actor) -> Sequence[Team]:
    """The teams with which the actor may share: all for admins, else their own."""
    rows = queries.teams()
    return list(rows if actor.role in (Role.OWNER, Role.ADMIN) else rows.filter(members=actor.id))


class ViewForm(forms.Form):
    """The name of a view, who finds it, and in which order it lists."""

    name = forms.CharField(max_length=400, label=lazy("Name"))
    visibility = forms.ChoiceField(label=lazy("Visible to"), choices=Visibility.choices, initial=Visibility.PRIVATE)
    team = forms.ChoiceField(required=False, label=lazy("Team"))
    sort = forms.ChoiceField(required=False, label=lazy("Order"))
    search = forms.CharField(required=False, max_length=200, label=lazy("Search"))

    def __init__(self, actor: Actor, subject: str, row: SavedView | None, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.teams = {str(team.pk): team for team in teams_for(actor)}
        if row is not None and row.team is not None:
            self.teams.setdefault(str(row.team_id), row.team)
        self.fields["team"].choices = [("", "—"), *((key, team.name) for key, team in self.teams.items())]  # type: ignore[attr-defined]
        self.fields["sort"].choices = SORTS[subject]  # type: ignore[attr-defined]
        if not self.teams:
            choices = [choice for choice in Visibility.choices if choice[0] != Visibility.TEAM]
            self.fields["visibility"].choices = choices  # type: ignore[attr-defined]

    @property
    def values(self) -> dict[str, Any]:
        """For the verb."""
        data = self.cleaned_data
        is_team = data["visibility"] == Visibility.TEAM
        return {**data, "team": self.teams.get(data["team"]) if is_team else None}

    def refuse(self, error: DomainError) -> None:
        """Show what the verb refuses at its field."""
        field, _dot, path = (error.field or "").partition(".")
        text = f"{path}: {sentence(error)}" if path else sentence(error)
        self.add_error(field if field in self.fields else None, text)
