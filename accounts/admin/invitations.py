"""Invitations in admin: sent with a form, sent again or revoked with a button. People accept them themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts import actions, clock
from accounts.actions.invitations import Sent
from accounts.admin.base import DeskForm, TenantAdmin, WorkspaceFilter, sentence, show_link
from accounts.errors import DomainError
from accounts.models import Invitation
from accounts.permissions import Role


class InvitationForm(DeskForm):
    """Whom to invite, where, and as what."""

    class Meta:
        model = Invitation
        fields = ("workspace", "email", "role")


class StateFilter(admin.SimpleListFilter):
    """Whether an invitation waits for an answer."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("pending", "Pending"), ("accepted", "Accepted"), ("revoked", "Revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rules: dict[str, dict[str, Any]] = {
            "pending": {"accepted_at": None, "revoked_at": None},
            "accepted": {"accepted_at__isnull": False},
            "revoked": {"revoked_at__isnull": False},
        }
        rule = rules.get(self.value() or "")
        return queryset if rule is None else queryset.filter(**rule)


@admin.register(Invitation)
class InvitationAdmin(TenantAdmin):
    """Who is invited. Each link works once, and for a week."""

    may_add = True
    form = InvitationForm
    list_display = ("email", "workspace", "role", "state", "invited_by", "sent_at", "expires_at")
    list_filter = (WorkspaceFilter, StateFilter)
    list_select_related = ("workspace", "invited_by")
    search_fields = ("email",)
    ordering = ("-sent_at", "-pk")

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        if obj is None:
            return InvitationForm.Meta.fields
        return (
            "workspace", "email", "role", "state", "invited_by", "created_at", "sent_at", "mailed_at", "expires_at",
            "accepted_at", "accepted_by", "revoked_at", "public_id",
        )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    @admin.display(description="state")
    def state(self, invitation: Invitation) -> str:
        if invitation.accepted_at is not None:
            return "Accepted"
        if invitation.revoked_at is not None:
            return "Revoked"
        return "Expired" if invitation.is_expired(clock.now()) else "Pending"

    def add(self, request: HttpRequest, form: forms.ModelForm[Any]) -> Model:
        data, by = form.cleaned_data, self.actor(request, form.instance)
        sent = actions.invite(
            workspace=data["workspace"], email=data["email"], role=Role(data["role"]), by=by, at=clock.now()
        )
        # For the answer to this very request: no session or message ever holds the link.
        request._sent = sent  # type: ignore[attr-defined]
        return sent.invitation

    def response_add(self, request: HttpRequest, obj: Invitation, post_url_continue: str | None = None) -> HttpResponse:
        return self._answer(request, request._sent)  # type: ignore[attr-defined]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One way to save: the answer may show a link, which the person has to see."""
        one_way = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().changeform_view(request, object_id, form_url, {**one_way, **(extra_context or {})})

    # --- Sending again, and revoking --------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        resend, revoke = self.admin_site.admin_view(self.resend_view), self.admin_site.admin_view(self.revoke_view)
        return [
            path("<int:pk>/resend/", resend, name="accounts_invitation_resend"),
            path("<int:pk>/revoke/", revoke, name="accounts_invitation_revoke"),
            *super().get_urls(),
        ]

    def resend_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and make another link."""

        def resend(invitation: Invitation) -> HttpResponse:
            by = self.actor(request, invitation)
            return self._answer(request, actions.resend_invitation(invitation=invitation, by=by, at=clock.now()))

        return self._ask(
            request,
            pk,
            "Send the invitation again",
            "A new link is created and the previous one stops working.",
            resend,
        )

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and revoke."""

        def revoke(invitation: Invitation) -> HttpResponse:
            actions.revoke_invitation(invitation=invitation, by=self.actor(request, invitation), at=clock.now())
            self.message_user(request, f"The invitation of {invitation.email} was revoked.", messages.SUCCESS)
            return redirect(reverse("admin:accounts_invitation_changelist"))

        return self._ask(request, pk, "Revoke the invitation", "Its link stops working at once.", revoke)

    def _ask(
        self, request: HttpRequest, pk: int, button: str, question: str, do: Callable[[Invitation], HttpResponse]
    ) -> HttpResponse:
        rows = self.get_queryset(request).select_related("workspace")
        invitation = cast("Invitation | None", rows.filter(pk=pk).first())
        if invitation is None:
            raise Http404("no such invitation")
        page = reverse("admin:accounts_invitation_change", args=[pk])
        if request.method == "POST":
            try:
                return do(invitation)
            except DomainError as error:
                self.message_user(request, sentence(error), messages.ERROR)
                return redirect(page)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{button}?",
            "opts": self.opts,
            "original": invitation,
            "question": f"{invitation.email} is invited to {invitation.workspace}. {question}",
            "button": button,
            "back": page,
        }
        return TemplateResponse(request, "admin/desk/confirm.html", context)

    def _answer(self, request: HttpRequest, sent: Sent) -> HttpResponse:
        """Say that the mail is on its way, or show the link."""
        email, back = sent.invitation.email, reverse("admin:accounts_invitation_changelist")
        if sent.link is not None:
            return show_link(
                self, request, "Invitation link", f"Share this link securely with {email}", sent.link, back
            )
        self.message_user(request, f"Invitation sent to {email}.", messages.SUCCESS)
        return redirect(back)
