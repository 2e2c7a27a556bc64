"""API keys in admin: issued with a form, the secret shown once on the page that answers it, revoked with a button."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.cache import patch_cache_control

from accounts import actions, clock, permissions
from accounts.admin.base import DeskForm, TenantAdmin, WorkspaceFilter, sentence
from accounts.errors import DomainError
from accounts.models import ApiKey, KeyKind


class Lines(forms.CharField):
    """One value per line."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def validate(self, value: Any) -> None:
        """A field whose empty list is a value."""


class KeyForm(DeskForm):
    """What is asked of a new key."""

    scopes = forms.MultipleChoiceField(
        choices=lambda: [(scope, scope.replace(":", " ").title()) for scope in permissions.scopes()],
        widget=forms.CheckboxSelectMultiple,
        initial=permissions.client_scopes,
        help_text="Write includes read. Client keys are public and cannot have ticket scopes.",
    )
    expires_at = forms.SplitDateTimeField(
        required=False, widget=AdminSplitDateTime, help_text="In UTC. Leave empty for no expiry."
    )
    allowed_origins = Lines(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="One per line, such as https://example.com. Leave empty to allow any.",
    )
    allowed_bundle_ids = Lines(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        label="Allowed bundle IDs",
        help_text="For mobile apps, one per line.",
    )

    class Meta:
        model = ApiKey
        fields = (
            "workspace", "name", "kind", "scopes", "expires_at", "allowed_origins", "allowed_bundle_ids",
            "unverified_identity",
        )  # fmt: skip


class StateFilter(admin.SimpleListFilter):
    """Whether a key works."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("working", "Working"), ("expired", "Expired"), ("revoked", "Revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        at = clock.now()
        rule = {
            "working": Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=at)),
            "expired": Q(revoked_at=None, expires_at__lte=at),
            "revoked": Q(revoked_at__isnull=False),
        }.get(self.value() or "")
        return queryset if rule is None else queryset.filter(rule)


@admin.register(ApiKey)
class ApiKeyAdmin(TenantAdmin):
    """Issued keys are not changed: to change one, issue another and revoke this one."""

    may_add = True
    list_display = (
        "prefix",
        "name",
        "workspace",
        "kind",
        "scope_list",
        "state",
        "last_used_at",
        "expires_at",
        "created_by",
    )
    list_filter = (WorkspaceFilter, StateFilter, "kind")
    list_select_related = ("workspace", "created_by")
    search_fields = ("prefix", "name")
    ordering = ("-created_at", "-pk")
    actions = ("revoke_selected",)
    form = KeyForm
    readonly_fields = (
        "prefix", "state", "scope_list", "last_used_at", "revoked_at", "created_by", "created_at", "public_id",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        if obj is None:
            return KeyForm.Meta.fields
        return (
            "workspace", "name", "prefix", "state", "kind", "scope_list", "expires_at", "allowed_origins",
            "allowed_bundle_ids", "unverified_identity", "last_used_at", "revoked_at", "created_by", "created_at",
            "public_id",
        )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        return self.readonly_fields if obj is None else self.get_fields(request, obj)

    @admin.display(description="scopes")
    def scope_list(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description="state")
    def state(self, key: ApiKey) -> str:
        if key.revoked_at is not None:
            return "Revoked"
        return "Expired" if key.is_expired(clock.now()) else "Working"

    def add(self, request: HttpRequest, form: forms.ModelForm[Any]) -> Model:
        data = form.cleaned_data
        key, secret = actions.create_key(
            workspace=data["workspace"],
            name=data["name"],
            kind=KeyKind(data["kind"]),
            scopes=data["scopes"],
            expires_at=data["expires_at"],
            allowed_origins=data["allowed_origins"],
            allowed_bundle_ids=data["allowed_bundle_ids"],
            unverified_identity=data["unverified_identity"],
            by=self.actor(request, form.instance),
            at=clock.now(),
        )
        # For the answer to this very request, and for nothing else: no session or message ever holds it.
        request._secret = secret  # type: ignore[attr-defined]
        return key

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One way to save: the answer shows a secret, which the person has to see."""
        one_way = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().changeform_view(request, object_id, form_url, {**one_way, **(extra_context or {})})

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """Show the secret, this once."""
        key = self.get_queryset(request).select_related("workspace").get(pk=obj.pk)
        response = TemplateResponse(
            request,
            "admin/accounts/apikey/secret.html",
            {
                **self.admin_site.each_context(request),
                "title": "API key created",
                "opts": self.opts,
                "key": key,
                "secret": request._secret,  # type: ignore[attr-defined]
            },
        )
        patch_cache_control(response, no_store=True, private=True)
        return response

    def get_urls(self) -> list[URLPattern]:
        revoke = self.admin_site.admin_view(self.revoke_view)
        return [path("<int:pk>/revoke/", revoke, name="accounts_apikey_revoke"), *super().get_urls()]

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Permits the action; each key is checked again by its verb."""
        return self.is_theirs(request, None)

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and revoke."""
        key = cast("ApiKey | None", self.get_queryset(request).select_related("workspace").filter(pk=pk).first())
        if key is None:
            raise Http404("no such key")
        if not self.is_theirs(request, key):
            raise PermissionDenied
        page = reverse("admin:accounts_apikey_change", args=[key.pk])
        if request.method == "POST":
            self._revoke(request, [key])
            return redirect(page)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Revoke {key.name}?",
            "opts": self.opts,
            "original": key,
            "question": f"{key.name} ({key.prefix}…) of {key.workspace} stops working at once. This cannot be undone.",
            "button": "Revoke the key",
            "back": page,
        }
        return TemplateResponse(request, "admin/desk/confirm.html", context)

    @admin.action(description="Revoke the selected keys", permissions=["revoke"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        self._revoke(request, list(queryset))

    def _revoke(self, request: HttpRequest, keys: list[ApiKey]) -> None:
        done = 0
        for key in keys:
            try:
                actions.revoke_key(key=key, by=self.actor(request, key), at=clock.now())
                done += 1
            except DomainError as error:
                self.message_user(request, f"{key}: {sentence(error)}", messages.ERROR)
        if done:
            self.message_user(
                request, f"{done} revoked." if done > 1 else f"{keys[0].name} was revoked.", messages.SUCCESS
            )
