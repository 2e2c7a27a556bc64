"""Custom attributes: read by every member, changed by admins."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import clock
from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import may, permit
from conversations.screens.settings import frame
from conversations.screens.settings.attributes import inputs
from conversations.screens.shell import DeskRequest, remember, screen
from tickets import actions
from tickets.models import Attribute, AttributeKind
from tickets.queries import attributes_of


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def attributes(request: DeskRequest) -> HttpResponse:
    """All attributes by what they describe; a form adds one."""
    permit(request.actor, "attribute.read")
    form = inputs.NewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        permit(request.actor, "attribute.write")
        if form.is_valid():
            try:
                actions.create_attribute(
                    workspace=request.workspace,
                    subject=form.cleaned_data["subject"],
                    name=form.cleaned_data["name"],
                    kind=form.cleaned_data["kind"],
                    choices=form.listed,
                    by=request.actor,
                    at=clock.now(),
                )
            except Forbidden:
                raise
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, _("Attribute created."))
                return redirect("attributes", request.workspace.slug)
    remember(request)
    groups = [(label, _shown(list(attributes_of(subject, archived=True)))) for subject, label in inputs.SUBJECTS]
    facts = {**_facts(request), "form": form, "subjects": groups}
    return render(request, "settings/attributes/page.html", facts, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def edit(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Rename an attribute, and change its choices."""
    permit(request.actor, "attribute.write")
    attribute = _found(public_id)
    form = inputs.EditForm.of(attribute, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        choices = form.listed if attribute.kind == AttributeKind.CHOICE else None
        name = form.cleaned_data["name"]
        try:
            actions.update_attribute(attribute=attribute, name=name, choices=choices, by=request.actor, at=clock.now())
        except (NotFound, Forbidden):
            raise
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("attributes", request.workspace.slug)
    remember(request)
    facts = {
        **_facts(request, "attribute.write"),
        "form": form,
        "attribute": attribute,
        "is_choice": attribute.kind == AttributeKind.CHOICE,
    }
    return render(request, "settings/attributes/edit.html", facts, status=422 if form.errors else 200)


@require_POST
@screen
def move(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """One place up or down."""
    is_up = request.POST.get("to") == "up"
    actions.move_attribute(attribute=_found(public_id), up=is_up, by=request.actor, at=clock.now())
    return redirect("attributes", request.workspace.slug)


@require_POST
@screen
def archive(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Offer it no more, or with `restore` again."""
    archived = "restore" not in request.POST
    actions.archive_attribute(attribute=_found(public_id), archived=archived, by=request.actor, at=clock.now())
    messages.success(request, _("Attribute archived. Its values stay.") if archived else _("Attribute restored."))
    return redirect("attributes", request.workspace.slug)


def _shown(rows: list[Attribute]) -> list[Attribute]:
    """Archived ones below the others."""
    return sorted(rows, key=lambda row: row.archived_at is not None)


def _facts(request: DeskRequest, permission: str = "") -> dict[str, object]:
    return {
        **frame.facts(request, "attributes", permission),
        "may_change": may(request.actor, "attribute.write"),
        "kinds": dict(inputs.KINDS),
        "kind_choices": inputs.KINDS,
        "subject_choices": inputs.SUBJECTS,
    }


def _found(public_id: UUID) -> Attribute:
    row = Attribute.objects.filter(public_id=public_id).order_by("pk").first()
    if row is None:
        raise Http404("no such attribute")
    return row
