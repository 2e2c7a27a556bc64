"""Hosted forms: listed with their health, made, changed and deleted."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import clock
from accounts.credentials import links
from accounts.errors import DomainError
from accounts.permissions import permit
from conversations.channels.callback import health as callback
from conversations.channels.form import health as contact
from conversations.forms import actions, counting, embedding, fields
from conversations.models import Form
from conversations.screens.errors import refuse
from conversations.screens.settings import frame
from conversations.screens.settings.forms import inputs
from conversations.screens.shell import DeskRequest, remember, screen


@require_safe
@screen
def listing(request: DeskRequest) -> HttpResponse:
    """Every form, with what became of what was sent with it."""
    permit(request.actor, "form.write")
    remember(request)
    at = clock.now()
    found = sorted((*contact.of_workspace(at), *callback.of_workspace(at)), key=lambda one: one.form.name.lower())
    facts = {
        **frame.facts(request, "forms"),
        "found": found,
        "days": counting.DAYS,
        "add_url": reverse("add-form", args=[request.workspace.slug]),
    }
    return render(request, "settings/forms/list.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def add(request: DeskRequest) -> HttpResponse:
    """Make a form with the usual fields."""
    permit(request.actor, "form.write")
    form = inputs.AddForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_form(
                workspace=request.workspace, by=request.actor, at=clock.now(), **form.cleaned_data
            )
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, _("%(name)s is ready.") % {"name": made.name})
            return redirect("change-form", request.workspace.slug, made.pk)
    remember(request)
    facts = {**frame.facts(request, "forms"), "form": form}
    return render(request, "settings/forms/add.html", facts, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def change(request: DeskRequest, number: int) -> HttpResponse:
    """Show a form, and change it."""
    permit(request.actor, "form.write")
    row = _found(number)
    form = inputs.ChangeForm(row, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_form(form=row, by=request.actor, at=clock.now(), **form.values)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("change-form", request.workspace.slug, row.pk)
    remember(request)
    [health] = counting.health([row], clock.now())
    facts: dict[str, Any] = {
        **frame.facts(request, "forms"),
        "row": row,
        "form": form,
        "health": health,
        "days": counting.DAYS,
        "address": links.public(row.path),
        "snippets": embedding.snippets(row),
        "kinds": fields.KINDS.items(),
        "standard": [f"standard_{name}" for name in fields.STANDARD],
        "presence": inputs.PRESENCE,
    }
    return render(request, "settings/forms/form.html", facts, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def delete(request: DeskRequest, number: int) -> HttpResponse:
    """Ask, then delete a form."""
    permit(request.actor, "form.write")
    row = _found(number)
    if request.method != "POST":
        return render(request, "settings/forms/delete.html", {**frame.facts(request, "forms"), "row": row})
    actions.delete_form(form=row, by=request.actor, at=clock.now())
    messages.success(request, _("%(name)s was deleted. Its conversations are still here.") % {"name": row.name})
    return redirect("forms", request.workspace.slug)


def _found(number: int) -> Form:
    row = Form.objects.select_related("workspace").filter(pk=number).first()
    if row is None:
        raise Http404("no such form")
    return row
