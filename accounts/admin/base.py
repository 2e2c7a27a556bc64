"""The base of every admin page: it shows rows of the person's own workspaces, and changes them through verbs alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.forms import BaseForm, ModelForm
from django.forms.models import construct_instance
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.cache import patch_cache_control
from django.utils.functional import cached_property

from accounts import activity, transaction
from accounts.adminsite import reach
from accounts.errors import DomainError, sentence
from accounts.models import User, Workspace
from accounts.permissions import Actor
from accounts.text import whole_number
from accounts.windows import window

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    BasePaginator = Paginator[Any]
    BaseModelForm = ModelForm[Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline
    BasePaginator, BaseModelForm = Paginator, ModelForm


class DeskForm(BaseModelForm):
    """A model form for rows that verbs write: the fields check what was typed, the verb checks what it means.

    Django would also check the model's constraints, and show people their names instead of what is wrong.
    """

    def _post_clean(self) -> None:
        options = self._meta
        self.instance = construct_instance(self, self.instance, options.fields, options.exclude)


class CappedPaginator(BasePaginator):
    """Counts up to a limit, so that a list of millions costs no more than one of thousands."""

    MOST = 1_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        # In the order of the list: PostgreSQL would else look for them from the beginning of the table.
        return rows.values("pk")[: self.MOST].count() if isinstance(rows, QuerySet) else len(rows)

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        rows = self.object_list
        limit = min(self.per_page, self.count - start)
        shown = window(rows, start, limit) if isinstance(rows, QuerySet) else rows[start : start + limit]
        return Page(shown, number, self)


class DeskChangeList(ChangeList):
    """A list of rows, sorted as its headers offer."""

    def get_ordering_field(self, field_name: Any) -> Any:
        return super().get_ordering_field(field_name) if field_name in (self.sortable_by or ()) else None

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if isinstance(self.result_list, QuerySet) and not self.result_list.query.is_sliced:
            # What fits one page Django asks for without a limit, and PostgreSQL prepares for many rows.
            self.result_list = self.result_list[: self.list_max_show_all]


class WorkspaceFilter(admin.SimpleListFilter):
    """By workspace, among those that the person runs; hidden when there is one."""

    title = "workspace"
    parameter_name = "in"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.path = model_admin.workspace_path
        return [(workspace.slug, workspace.name) for workspace in reach(request).workspaces()[:200]]

    def has_output(self) -> bool:
        return len(self.lookup_choices) > 1

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        # Queried first: with a sub-select in its place no index would give the order of the list.
        wanted = workspace_shown(request)
        return queryset.none() if wanted is None else queryset.filter(**{self.path: wanted})


class OneWorkspaceFilter(WorkspaceFilter):
    """The same for rows that grow with what customers write: one workspace at a time, the first until another is chosen.

    Every index of such rows begins with the workspace, so that a list of all workspaces would have to sort all rows.
    """

    def has_output(self) -> bool:
        """Also where there is one, to which the list is limited all the same: then nothing is shown."""
        self.template = "admin/filter.html" if super().has_output() else "admin/desk/no_filter.html"
        return bool(self.lookup_choices)

    def value(self) -> str | None:
        chosen = super().value()
        return str(self.lookup_choices[0][0]) if chosen is None and self.lookup_choices else chosen

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Without Django's first one, which is all."""
        return islice(super().choices(changelist), 1, None)


def workspace_shown(request: HttpRequest) -> int | None:
    """The one workspace whose rows a list shows: the chosen one, if it is the person's, and else the first by name."""
    rows, slug = reach(request).workspaces(), request.GET.get(WorkspaceFilter.parameter_name)
    if slug is not None:
        rows = rows.filter(slug=slug) if slug.isprintable() else rows.none()
    return rows.values_list("pk", flat=True).first()


def among(field: str, *values: str) -> type[admin.SimpleListFilter]:
    """A filter by a field's known values. Django's own reads the whole table to know which there are."""

    class AmongFilter(admin.SimpleListFilter):
        """By one of the values."""

        title = field.replace("_", " ")
        parameter_name = f"by_{field}"

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(value, value) for value in values]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            return queryset.filter(**{field: self.value()}) if self.value() in values else queryset

    return AmongFilter


class AssigneeFilter(admin.SimpleListFilter):
    """By assignee: me, nobody, or one of the people of one's workspaces."""

    title = "assignee"
    parameter_name = "assignee"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        people = reach(request).people().order_by("name", "email")[:100]
        return [("me", "Me"), ("nobody", "Unassigned"), *((str(person.pk), str(person)) for person in people)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value == "me":
            return queryset.filter(assignee=request.user.pk)
        if value == "nobody":
            return queryset.filter(assignee=None)
        user_id = whole_number(value or "")
        return queryset if user_id is None else queryset.filter(assignee=user_id)


class TenantPermissions:
    """Answers Django's questions about permission by the person's reach; the flags say which operations there are."""

    workspace_path = "workspace"
    may_add = may_change = may_delete = False

    def is_theirs(self, request: HttpRequest, obj: Model | None) -> bool:
        """Whether the person runs the workspace of the row."""
        who = reach(request)
        return who.may_open and (obj is None or who.has(self.workspace_id_of(obj)))

    def workspace_id_of(self, obj: Model) -> int | None:
        """The workspace of a row, along `workspace_path`."""
        value: Model | int | None = attrgetter(self.workspace_path.replace("__", "."))(obj)
        return value.pk if isinstance(value, Model) else value

    def has_module_permission(self, request: HttpRequest) -> bool:
        return reach(request).may_open

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_theirs(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_add and self.is_theirs(request, None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_change and self.is_theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_delete and self.is_theirs(request, obj)


_YEAR = re.compile(r"[1-9][0-9]{0,3}")  # of which there are moments


class TenantAdmin(TenantPermissions, ModelAdmin):
    """Base of the admin of every tenant row.

    A subclass sets `may_add` and `may_change` with `add` and `change`, which call verbs, and `may_delete` with `remove`.
    A DomainError becomes an error of the form, at the field it names, with what was typed still there.
    """

    form = DeskForm
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    object_history_template = "admin/desk/history.html"

    # --- Reading ------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return reach(request).limit(super().get_queryset(request), self.workspace_path)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DeskChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """By what the list shows or filters by, and no more: with `?password__startswith=` a hash is read letter by letter."""
        filters = (name[0] if isinstance(name, tuple) else name for name in self.get_list_filter(request))
        shown = {self.opts.pk.name, *self.get_list_display(request), *filters}
        hidden = {field.name for field in self.opts.get_fields()} - shown
        name, *parts = lookup.split("__")
        if parts[:1] in (["year"], ["iso_year"]) and not _YEAR.fullmatch(str(value)):
            return False
        return name not in hidden and super().lookup_allowed(lookup, value, request)

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices(request, db_field.remote_field.model))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        without_links(field)
        return field

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices(request, db_field.remote_field.model))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @staticmethod
    def choices(request: HttpRequest, model: type[Model]) -> QuerySet[Any]:
        """The rows of a related model that may be named in a form."""
        who = reach(request)
        if model is Workspace:
            return who.workspaces()
        if model is User:
            return who.people()
        return who.limit(model._default_manager.all(), "workspace")

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The journal's events of a row; admin keeps no second log beside it."""
        obj = self.get_object(request, object_id)
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined,no-any-return]
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {obj}",
            "module_name": str(self.opts.verbose_name_plural).capitalize(),
            "object": obj,
            "opts": self.opts,
            "lines": activity.lines_of(obj, self.workspace_id_of(obj)),
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.object_history_template, context)

    def log_addition(self, *args: Any, **kwargs: Any) -> Any:
        """Nothing: the journal records it."""

    log_change = log_addition
    log_deletions = log_addition

    def construct_change_message(self, *args: Any, **kwargs: Any) -> list[dict[str, dict[str, Any]]]:
        """An empty message: admin keeps no log."""
        return []

    # --- Changing -----------------------------------------------------------------------------------

    def add(self, request: HttpRequest, form: ModelForm[Any]) -> Model:
        """Make the row that the form describes, through a verb."""
        raise NotImplementedError

    def change(self, request: HttpRequest, obj: Any, form: ModelForm[Any]) -> None:
        """Change the row to what the form says, through verbs: `form.changed_data` names what differs."""
        raise NotImplementedError

    def remove(self, request: HttpRequest, obj: Any) -> None:
        """Take the row away, through a verb."""
        raise NotImplementedError

    def actor(self, request: HttpRequest, obj: Model) -> Actor:
        """As whom the person acts on the row. Raises NotFound for a row that is not theirs."""
        return reach(request).actor(self.workspace_id_of(obj) or 0)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            # As it is kept: the form has written its values into `obj`, and a verb would see no difference.
            self.change(request, self.get_queryset(request).get(pk=obj.pk), form)
        else:
            made = self.add(request, form)
            for field in self.opts.concrete_fields:
                setattr(obj, field.attname, getattr(made, field.attname))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Only `save_formset`, which calls verbs; many-to-many values are the verbs' business too."""
        for formset in formsets:
            self.save_formset(request, form, formset, change=change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save an inline through verbs. One that only shows rows has nothing to save."""
        if formset.has_changed():
            raise NotImplementedError

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            self.remove(request, obj)

    # --- Refusals -----------------------------------------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        view = partial(super().changeform_view, request, object_id, form_url, extra_context)
        try:
            return transaction.repeat(view)
        except DomainError as error:
            # Once more, to show the form again: `get_form` sees to it that nothing is saved.
            request._refusal = error  # type: ignore[attr-defined]
            return view()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        error: DomainError | None = getattr(request, "_refusal", None)
        return form if error is None else _refused(form, error)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return transaction.repeat(partial(super().delete_view, request, object_id, extra_context))
        except DomainError as error:
            self.message_user(request, sentence(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        try:
            return super().changelist_view(request, extra_context)
        except DomainError as error:
            self.message_user(request, sentence(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


class ReadOnlyAdmin(TenantAdmin):
    """Rows that are only shown: verbs write them."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        names = [field.name for field in self.opts.get_fields() if isinstance(field, Field)]
        return [*names, *super().get_readonly_fields(request, obj)]


def without_links(field: Any) -> None:
    """Remove the links to add and change from beside a picker: other rows have pages of their own."""
    if isinstance(widget := getattr(field, "widget", None), RelatedFieldWidgetWrapper):
        widget.can_add_related = widget.can_change_related = widget.can_delete_related = False


def show_link(
    model_admin: TenantAdmin, request: HttpRequest, title: str, text: str, link: str, back: str
) -> HttpResponse:
    """A link that is shown once, since there is no mail server to send it."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "text": text,
        "link": link,
        "back": back,
    }
    response = TemplateResponse(request, "admin/desk/link.html", context)
    patch_cache_control(response, no_store=True, private=True)
    return response


def _refused(form: type[BaseForm], error: DomainError) -> type[BaseForm]:
    class Refused(form):  # type: ignore[misc,valid-type]
        """The form again, with the verb's refusal."""

        def full_clean(self) -> None:
            super().full_clean()
            if self.is_bound:
                self.add_error(error.field if error.field in self.fields else None, sentence(error))

    return Refused


__all__ = [
    "AssigneeFilter",
    "CappedPaginator",
    "DeskForm",
    "OneWorkspaceFilter",
    "ReadOnlyAdmin",
    "TabularInline",
    "TenantAdmin",
    "TenantPermissions",
    "WorkspaceFilter",
    "among",
    "sentence",
    "show_link",
    "without_links",
    "workspace_shown",
]  # fmt: skip
