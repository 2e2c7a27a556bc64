"""The workspace's members with their roles, teams and visibility, and invitations. Owners and admins change them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions, clock, outbox, queries
from accounts.actions.invitations import Sent
from accounts.errors import DomainError
from accounts.models import Invitation, Membership, Team
from accounts.permissions import Actor, Role, Visibility, may, permit
from conversations.models import Conversation
from conversations.screens.errors import refuse
from conversations.screens.sentences import sentence
from conversations.screens.settings import frame
from conversations.screens.settings.members import forms
from conversations.screens.shell import DeskRequest, remember, screen
from tickets.models import Ticket

SESSION = "invitation"
"""In the session: an invitation's link, until the next page of members has shown it."""
COUNTED = 1000
"""Up to how many rows the page before a removal counts."""
VISIBILITIES = (
    (Visibility.ALL, gettext_lazy("All conversations")),
    (Visibility.TEAMS_AND_UNASSIGNED, gettext_lazy("Their teams' and unassigned")),
    (Visibility.TEAMS, gettext_lazy("Their teams' only")),
)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def people(request: DeskRequest) -> HttpResponse:
    """Members and, for admins and owners, pending invitations; a form invites one more."""
    permit(request.actor, "member.read")
    form = forms.InvitationForm(_roles(request), request.POST or None)
    if request.method == "POST":
        permit(request.actor, "member.invite")
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
            refuse(form, error)
            return _page(request, form, status=422)
        return _answer(request, sent)
    remember(request)
    shown = request.session.pop(SESSION, None) if request.method == "GET" else None
    return _page(request, form, shown_link=shown, comes_from_start=request.GET.get("from") == "start")


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
    messages.success(request, _("The invitation of %(email)s was revoked.") % {"email": invitation.email})
    return redirect("people", request.workspace.slug)


@require_GET
@screen
def member(request: DeskRequest, number: int) -> HttpResponse:
    """One member: role, visibility and teams, which admins and owners change here."""
    permit(request.actor, "member.read")
    membership, may_manage = _membership(number), may(request.actor, "member.invite")
    facts = {
        **frame.facts(request, "people"),
        "member": membership,
        "roles": _roles(request),
        "visibilities": VISIBILITIES,
        "teams": _teams_by_user().get(membership.user_id, []),
        "may_manage": may_manage,
        "has_second_factor": may_manage and queries.has_second_factor(membership.user_id),
        "may_change": may_manage and (membership.role != Role.OWNER or request.actor.role == Role.OWNER),
    }
    return render(request, "settings/members/member.html", facts)


@require_POST
@screen
def set_visibility(request: DeskRequest, number: int) -> HttpResponse:
    """Change which conversations and tickets a member sees."""
    permit(request.actor, "member.set_visibility")
    membership, visibility = _membership(number), request.POST.get("visibility", "")
    if visibility not in Visibility.values:
        raise Http404("no such visibility")
    try:
        actions.set_visibility(
            membership=membership, visibility=Visibility(visibility), by=request.actor, at=clock.now()
        )
    except DomainError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, _("Saved."))
    return redirect("member", request.workspace.slug, number)


@require_POST
@screen
def switch_account(request: DeskRequest, number: int) -> HttpResponse:
    """Disable a person's account in every workspace, or enable it again; for superusers."""
    if not request.user.is_superuser:
        raise PermissionDenied(_("Only the people who run this desk can do this."))
    user = _membership(number).user
    by = Actor.installation(request.user.name or request.user.email, id=request.user.pk)
    try:
        if "enable" in request.POST:
            actions.reactivate_person(user=user, by=by, at=clock.now())
            messages.success(request, _("%(name)s can sign in again.") % {"name": user})
        else:
            freed = actions.deactivate_person(user=user, by=by, at=clock.now())
            text = _("The account of %(name)s is disabled.") % {"name": user}
            messages.success(request, f"{text} {_unassigned(freed)}".strip())
    except DomainError as error:
        messages.error(request, sentence(error))
    return redirect("member", request.workspace.slug, number)


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
    messages.success(
        request, _("%(name)s is now %(role)s.") % {"name": membership.user, "role": Role(role).in_sentence}
    )
    return redirect("people" if request.user.pk != membership.user_id else "inbox", request.workspace.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def remove_member(request: DeskRequest, number: int) -> HttpResponse:
    """Confirm, and remove a member from the workspace."""
    permit(request.actor, "member.remove")
    membership = _membership(number)
    if request.method != "POST":
        facts = {
            **frame.facts(request, "people", "member.remove"),
            "member": membership,
            "conversations": Conversation.objects.filter(assignee=membership.user_id)[: COUNTED + 1].count(),
            "tickets": Ticket.objects.filter(assignee=membership.user_id)[: COUNTED + 1].count(),
            "most": COUNTED,
        }
        return render(request, "settings/members/remove.html", facts)
    try:
        freed = actions.remove_member(membership=membership, by=request.actor, at=clock.now())
    except DomainError as error:
        return _refuse(request, error)
    removed = _("%(name)s was removed.") % {"name": membership.user}
    messages.success(request, f"{removed} {_unassigned(freed)}".strip())
    return redirect("people", request.workspace.slug) if membership.user_id != request.user.pk else redirect("home")


def _page(request: DeskRequest, form: forms.InvitationForm, *, status: int = 200, **more: Any) -> HttpResponse:
    members, may_manage = list(queries.members()), may(request.actor, "member.invite")
    facts = {
        **frame.facts(request, "people"),
        "form": form,
        "may_manage": may_manage,
        "invitations": queries.pending_invitations() if may_manage else (),
        "members": members,
        "teams": _teams_by_user(),
        "with_second_factor": queries.with_second_factor(row.user_id for row in members) if may_manage else (),
        "visibilities": dict(VISIBILITIES),
        "roles": _roles(request),
        "has_mail": outbox.is_set_up(),
        "now": clock.now(),
        **more,
    }
    return render(request, "settings/members/page.html", facts, status=status)


def _answer(request: DeskRequest, sent: Sent) -> HttpResponse:
    """Confirm that the mail is sent; without a mail server, show the link on the next page, once, and nowhere else."""
    if sent.link is not None:
        request.session[SESSION] = {"email": sent.invitation.email, "link": sent.link}
    else:
        messages.success(request, _("Invitation sent to %(email)s.") % {"email": sent.invitation.email})
    query = "?from=start" if request.POST.get("from") == "start" else ""
    return redirect(f"{reverse('people', args=[request.workspace.slug])}{query}")


def _unassigned(freed: Mapping[str, int]) -> str:
    """What was unassigned with a member, in words; empty where nothing was."""
    named = {
        "conversations": ngettext("%(num)s conversation", "%(num)s conversations", freed.get("conversations", 0)),
        "mailboxes": ngettext("%(num)s mailbox", "%(num)s mailboxes", freed.get("mailboxes", 0)),
        "tickets": ngettext("%(num)s ticket", "%(num)s tickets", freed.get("tickets", 0)),
    }
    parts = [named.get(what, f"%(num)s {what}") % {"num": count} for what, count in freed.items()]
    text = ngettext(
        "%(what)s assigned to them is now unassigned.",
        "%(what)s assigned to them are now unassigned.",
        sum(freed.values()),
    )
    return text % {"what": _(" and ").join(parts)} if parts else ""


def _refuse(request: DeskRequest, error: DomainError) -> HttpResponse:
    messages.error(request, sentence(error))
    return redirect("people", request.workspace.slug)


def _roles(request: DeskRequest) -> list[tuple[str, str]]:
    """The roles that the person may give: only owners make owners."""
    return [(role.value, str(role.label)) for role in Role if role != Role.OWNER or request.actor.role == Role.OWNER]


def _teams_by_user() -> dict[int, list[str]]:
    """The names of the teams of each member, in one query."""
    found: dict[int, list[str]] = defaultdict(list)
    for user_id, name in Team.objects.exclude(members=None).order_by("name", "pk").values_list("members", "name"):
        found[user_id].append(name)
    return found


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
