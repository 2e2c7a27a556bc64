"""People in admin: who they are (for superusers), and their places in a workspace (for its owners and admins)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import ReadOnlyPasswordHashField
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts import actions, clock, people
from accounts.admin.base import DeskForm, TabularInline, TenantAdmin, TenantPermissions, WorkspaceFilter, without_links
from accounts.adminsite import reach
from accounts.errors import Invalid
from accounts.models import Membership, Team, User
from accounts.permissions import Role

if TYPE_CHECKING:
    BaseUserAdmin = UserAdmin[User]
else:
    BaseUserAdmin = UserAdmin


class NewPersonForm(DeskForm):
    """A new person, with their first password."""

    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least eight characters, not a common password. Tell it to the person by a safe way.",
    )

    class Meta:
        model = User
        fields = ("email", "name", "password", "is_superuser")


class PersonForm(DeskForm):
    """A person, whose password is set on a page of its own."""

    password = ReadOnlyPasswordHashField(required=False)

    class Meta:
        model = User
        fields = ("email", "name", "password", "is_active", "is_superuser")


class PlacesInline(TabularInline):
    """The person's workspaces, as far as the one who looks runs them."""

    model = Membership
    extra = 0
    can_delete = False
    verbose_name_plural = "workspaces"
    fields = ("workspace", "role", "created_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return reach(request).limit(super().get_queryset(request).select_related("workspace", "user"), "workspace")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return reach(request).may_open


@admin.register(User)
class PersonAdmin(TenantAdmin, BaseUserAdmin):
    """Superusers make people and set passwords; owners and admins see those whom they work with."""

    form = PersonForm
    add_form = NewPersonForm
    list_display = ("email", "name", "is_active", "is_superuser", "last_login", "date_joined")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined", "public_id")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("Standing", {"fields": ("is_active", "is_superuser", "last_login", "date_joined", "public_id")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "name", "password", "is_superuser")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return reach(request).people().order_by("email")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return (PlacesInline,) if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if not reach(request).is_superuser:
            return ((None, {"fields": ("email", "name", "is_active", "public_id")}),)
        return super().get_fieldsets(request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs.setdefault("form", self.add_form)
        return super().get_form(request, obj, change=change, **kwargs)

    def is_theirs(self, request: HttpRequest, obj: Model | None) -> bool:
        who = reach(request)
        if obj is None or who.is_superuser:
            return who.may_open
        return who.people().filter(pk=obj.pk).exists()

    def workspace_id_of(self, obj: Model) -> int | None:
        return None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return reach(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return reach(request).is_superuser

    def add(self, request: HttpRequest, form: forms.ModelForm[Any]) -> Model:
        data = form.cleaned_data
        return people.create(
            email=data["email"], name=data["name"], password=data["password"], is_superuser=data["is_superuser"]
        )

    def change(self, request: HttpRequest, obj: User, form: forms.ModelForm[Any]) -> None:
        values = {name: form.cleaned_data[name] for name in form.changed_data if name in _EDITABLE}
        people.update(user=obj, **values)


_EDITABLE = ("email", "name", "is_active", "is_superuser")


class InviteForm(DeskForm):
    """A place in a workspace, for somebody known by email or for somebody new."""

    email = forms.EmailField(max_length=254)
    name = forms.CharField(max_length=200, required=False, help_text="Of a new person.")
    password = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="The first password of a new person. Somebody who has signed in here before keeps their own.",
    )

    class Meta:
        model = Membership
        fields = ("workspace", "email", "role", "name", "password")


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    """Who works where, and as what."""

    may_add = may_change = may_delete = True
    list_display = ("user", "email", "workspace", "role", "created_at")
    list_filter = (WorkspaceFilter, "role")
    list_select_related = ("user", "workspace")
    search_fields = ("user__name", "user__email")
    ordering = ("workspace", "user__name", "pk")

    @admin.display(description="email", ordering="user__email")
    def email(self, membership: Membership) -> str:
        return membership.user.email

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = InviteForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return InviteForm.Meta.fields if obj is None else ("workspace", "user", "role", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("workspace", "user", "created_at")

    def add(self, request: HttpRequest, form: forms.ModelForm[Any]) -> Model:
        data, by = form.cleaned_data, self.actor(request, form.instance)
        user = people.by_email(data["email"])
        if user is None:
            if not data["password"]:
                raise Invalid("this person is new and needs a first password", field="password")
            user = people.create(email=data["email"], name=data["name"], password=data["password"])
        elif data["password"]:
            self.message_user(request, f"{user} was known here and keeps their own password.", messages.INFO)
        return actions.add_member(
            workspace=data["workspace"], user=user, role=Role(data["role"]), by=by, at=clock.now()
        )

    def change(self, request: HttpRequest, obj: Membership, form: forms.ModelForm[Any]) -> None:
        by = self.actor(request, obj)
        actions.change_role(membership=obj, role=Role(form.cleaned_data["role"]), by=by, at=clock.now())

    def remove(self, request: HttpRequest, obj: Membership) -> None:
        actions.remove_member(membership=obj, by=self.actor(request, obj), at=clock.now())


class MemberForm(DeskForm):
    """A line of a workspace's members. Who it is about is chosen once: another person is another line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "user" in self.fields:
            self.fields["user"].disabled = True


class MembersInline(TenantPermissions, TabularInline):
    """A workspace's people on its own page."""

    model = Membership
    form = MemberForm
    extra = 0
    may_add = may_change = may_delete = True
    fields = ("user", "role", "created_at")
    readonly_fields = ("created_at",)
    autocomplete_fields = ("user",)
    verbose_name = "member"
    verbose_name_plural = "members"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user").order_by("user__name", "pk")

    def workspace_id_of(self, obj: Model) -> int | None:
        # Django asks an inline about the row that the page is about.
        return cast(int, obj.pk)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["queryset"] = reach(request).people()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        without_links(field)
        return field


@admin.register(Team)
class TeamAdmin(TenantAdmin):
    """Groups that work can be given to."""

    may_add = may_change = True
    list_display = ("name", "workspace", "member_names", "created_at")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace",)
    search_fields = ("name",)
    ordering = ("workspace", "name", "pk")
    autocomplete_fields = ("members",)
    readonly_fields = ("public_id", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("members")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("workspace", "name", "members", *(self.readonly_fields if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("workspace", *self.readonly_fields) if obj else ()

    @admin.display(description="members")
    def member_names(self, team: Team) -> str:
        return ", ".join(sorted(str(person) for person in team.members.all()))

    def add(self, request: HttpRequest, form: forms.ModelForm[Any]) -> Model:
        data = form.cleaned_data
        return actions.save_team(
            workspace=data["workspace"],
            name=data["name"],
            members=data["members"],
            by=self.actor(request, form.instance),
            at=clock.now(),
        )

    def change(self, request: HttpRequest, obj: Team, form: forms.ModelForm[Any]) -> None:
        if not form.changed_data:
            return
        data = form.cleaned_data
        actions.save_team(
            workspace=obj.workspace,
            team=obj,
            name=data["name"],
            members=data["members"],
            by=self.actor(request, obj),
            at=clock.now(),
        )
