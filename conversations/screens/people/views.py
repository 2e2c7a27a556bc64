"""The workspace's people: its members with their roles, and invitations. For owners and admins."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions, assignments, clock, outbox, queries
from accounts.actions.invitations import Sent
from accounts.errors import DomainError, sentence
from accounts.models import Invitation, Membership
from accounts.permissions import Role, permit
from conversations.screens.people import forms
from conversations.screens.shell import DeskRequest, remember, screen, shell


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def people(request: DeskRequest) -> HttpResponse:
    """Members and pending invitations; a form invites one more."""
    permit(request.actor, "member.invite")
    form = forms.InvitationForm(_roles(request), request.POST or None)
    if request.method == "POST":
        if not form.is_valid():
            return _page(request, form, status=422)
        try:
            sent = actions.invite(
                workspace=request.workspace,
                email=form.cleaned_data["email"],
                role=Role(form.cleaned_data["role"]),
                by=request.actor,
                at=clock.now(),
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, sentence(error))
            return _page(request, form, status=422)
        return _answer(request, sent)
    remember(request)
    return _page(request, form)


@require_POST
@screen
def resend_invitation(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Send a pending invitation again, with a new link."""
    permit(request.actor, "member.invite")
    try:
        sent = actions.resend_invitation(invitation=_invitation(public_id), by=request.actor, at=clock.now())
    except DomainError as error:
        return _refuse(request, error)
    return _answer(request, sent)


@require_POST
@screen
def revoke_invitation(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Revoke a pending invitation."""
    permit(request.actor, "member.invite")
    try:
        invitation = actions.revoke_invitation(invitation=_invitation(public_id), by=request.actor, at=clock.now())
    except DomainError as error:
        return _refuse(request, error)
    messages.success(request, f"The invitation of {invitation.email} was revoked.")
    return redirect("people", request.workspace.slug)


@require_POST
@screen
def change_role(request: DeskRequest, number: int) -> HttpResponse:
    """Give a member another role."""
    permit(request.actor, "member.change_role")
    membership, role = _membership(number), request.POST.get("role", "")
    if role not in Role.values:
        raise Http404("no such role")
    try:
        actions.change_role(membership=membership, role=Role(role), by=request.actor, at=clock.now())
    except DomainError as error:
        return _refuse(request, error)
    messages.success(request, f"{membership.user} is now {Role(role).label.lower()}.")
    return redirect("people" if request.user.pk != membership.user_id else "inbox", request.workspace.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def remove_member(request: DeskRequest, number: int) -> HttpResponse:
    """Confirm, and remove a member from the workspace."""
    permit(request.actor, "member.remove")
    membership = _membership(number)
    if request.method != "POST":
        facts = {**shell(request, "people"), "member": membership}
        return render(request, "people/remove.html", facts)
    try:
        freed = actions.remove_member(membership=membership, by=request.actor, at=clock.now())
    except DomainError as error:
        return _refuse(request, error)
    messages.success(request, f"{membership.user} was removed. {assignments.summary(freed)}".strip())
    return redirect("people", request.workspace.slug) if membership.user_id != request.user.pk else redirect("home")


def _page(request: DeskRequest, form: forms.InvitationForm, *, status: int = 200, **more: Any) -> HttpResponse:
    facts = {
        **shell(request, "people"),
        "form": form,
        "invitations": queries.pending_invitations(),
        "members": queries.members(),
        "roles": _roles(request),
        "has_mail": outbox.is_set_up(),
        "now": clock.now(),
        **more,
    }
    return render(request, "people/page.html", facts, status=status)


def _answer(request: DeskRequest, sent: Sent) -> HttpResponse:
    """Confirm that the mail is sent; without a mail server, show the link on this page, and nowhere else."""
    if sent.link is not None:
        return _page(request, forms.InvitationForm(_roles(request)), sent=sent)
    messages.success(request, f"Invitation sent to {sent.invitation.email}.")
    return redirect("people", request.workspace.slug)


def _refuse(request: DeskRequest, error: DomainError) -> HttpResponse:
    messages.error(request, sentence(error))
    return redirect("people", request.workspace.slug)


def _roles(request: DeskRequest) -> list[tuple[str, str]]:
    """The roles that the person may give: only owners make owners."""
    return [(role.value, role.label) for role in Role if role != Role.OWNER or request.actor.role == Role.OWNER]


def _invitation(public_id: UUID) -> Invitation:
    invitation = queries.pending_invitations().filter(public_id=public_id).first()
    if invitation is None:
        raise Http404("no such invitation")
    return invitation


def _membership(number: int) -> Membership:
    membership = queries.members().filter(pk=number).first()
    if membership is None:
        raise Http404("no such member")
    return membership
