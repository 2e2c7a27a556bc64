"""Teams: listed, made, renamed, given members, and deleted."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts import actions, clock, queries
from accounts.errors import DomainError
from accounts.models import Team, User
from accounts.permissions import may, permit
from conversations.models import Conversation
from conversations.screens.errors import refuse
from conversations.screens.sentences import sentence
from conversations.screens.settings import frame
from conversations.screens.shell import DeskRequest, remember, screen
from tickets.models import Ticket

COUNTED = 1000
"""Up to how many rows the page before a deletion counts."""


class TeamForm(forms.Form):
    """A team's name and members."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)


@require_GET
@screen
def teams(request: DeskRequest) -> HttpResponse:
    """All teams with how many members they have."""
    permit(request.actor, "team.read")
    remember(request)
    facts = {
        **frame.facts(request, "teams"),
        "teams": Team.objects.annotate(size=Count("members")).order_by("name", "pk"),
        "may_change": may(request.actor, "team.write"),
    }
    return render(request, "settings/teams/list.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def add(request: DeskRequest) -> HttpResponse:
    """Make a team."""
    permit(request.actor, "team.write")
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def team(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Show a team, and rename it or give it other members."""
    permit(request.actor, "team.read")
    row = _team(public_id)
    if request.method == "POST" or may(request.actor, "team.write"):
        permit(request.actor, "team.write")
        return _edit(request, row)
    facts = {**frame.facts(request, "teams"), "team": row, "chosen": row.members.order_by("name", "email", "pk")}
    return render(request, "settings/teams/team.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def delete(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Ask where what the team has shall go, and delete it."""
    permit(request.actor, "team.delete")
    row = _team(public_id)
    if request.method == "POST":
        wanted = request.POST.get("move_to", "")
        to = _of_text(wanted) if wanted else None
        try:
            actions.delete_team(team=row, move_to=to, by=request.actor, at=clock.now())
        except DomainError as error:
            messages.error(request, sentence(error))
        else:
            messages.success(request, _("The team %(name)s was deleted.") % {"name": row.name})
        return redirect("teams", request.workspace.slug)
    facts = {
        **frame.facts(request, "teams", "team.delete"),
        "team": row,
        "others": queries.teams().exclude(pk=row.pk),
        "conversations": Conversation.objects.filter(team=row)[: COUNTED + 1].count(),
        "tickets": Ticket.objects.filter(team=row)[: COUNTED + 1].count(),
        "most": COUNTED,
    }
    return render(request, "settings/teams/delete.html", facts)


def _edit(request: DeskRequest, row: Team | None) -> HttpResponse:
    initial = {"name": row.name} if row is not None else None
    form = TeamForm(request.POST if request.method == "POST" else None, initial=initial)
    people = [membership.user for membership in queries.members()]
    if request.method == "POST":
        given = set(request.POST.getlist("members"))
        chosen = {user.pk for user in people if str(user.pk) in given}
        if form.is_valid():
            try:
                actions.save_team(
                    workspace=request.workspace,
                    name=form.cleaned_data["name"],
                    members=[user for user in people if user.pk in chosen],
                    team=row,
                    by=request.actor,
                    at=clock.now(),
                )
            except DomainError as error:
                refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("teams", request.workspace.slug)
    else:
        chosen = set(row.members.values_list("pk", flat=True)) if row is not None else set()
    facts = {
        **frame.facts(request, "teams", "team.write"),
        "team": row,
        "form": form,
        "people": _first(people, chosen),
        "chosen": chosen,
    }
    return render(request, "settings/teams/edit.html", facts, status=422 if form.errors else 200)


def _first(people: list[User], chosen: set[int]) -> list[User]:
    """The people of the team before the others."""
    return sorted(people, key=lambda user: user.pk not in chosen)


def _team(public_id: UUID) -> Team:
    found = Team.objects.filter(public_id=public_id).first()
    if found is None:
        raise Http404("no such team")
    return found


def _of_text(value: str) -> Team:
    try:
        return _team(UUID(value))
    except ValueError as error:
        raise Http404("no such team") from error
