"""The knowledge base in admin: written, published and deleted through the same verbs as on its own screens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts import clock
from accounts.admin.base import DeskForm, TenantAdmin, WorkspaceFilter
from conversations.knowledge import actions as knowledge_actions
from conversations.models import Article, Macro
from conversations.models.searched import holding


class ArticleForm(DeskForm):
    """An article, and whether it is published."""

    body = forms.CharField(widget=forms.Textarea(attrs={"rows": 24, "cols": 100}), strip=False)
    is_published = forms.BooleanField(required=False, label="Published")

    class Meta:
        model = Article
        fields = ("workspace", "title", "body", "visibility")
        widgets = {"title": forms.TextInput(attrs={"size": 80})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("is_published", self.instance.is_published)


class MacroForm(DeskForm):
    """A macro's name and text."""

    body = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 12, "cols": 100}),
        strip=False,
        help_text="Placeholders such as {{customer.first_name}} are filled in when the macro is inserted.",
    )

    class Meta:
        model = Macro
        fields = ("workspace", "name", "body")
        widgets = {"name": forms.TextInput(attrs={"size": 60})}


class WrittenAdmin(TenantAdmin):
    """What articles and macros have in common: the workspace is chosen once, the rest is edited."""

    may_add = may_change = may_delete = True
    list_select_related = ("workspace", "author")
    ordering = ("-updated_at", "-pk")
    written: tuple[str, ...] = ()
    kept: tuple[str, ...] = ("author", "public_id", "created_at", "updated_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset.filter(holding(search_term)), False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("workspace", *self.written, *(self.kept if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("workspace", *self.kept) if obj else ()


@admin.register(Article)
class ArticleAdmin(WrittenAdmin):
    """Articles."""

    form = ArticleForm
    list_display = ("title", "visibility", "published", "author", "updated_at", "workspace")
    list_filter = (WorkspaceFilter, "visibility", ("published_at", admin.EmptyFieldListFilter))
    search_fields = ("title",)
    actions = ("publish", "unpublish")
    written = ("title", "body", "visibility", "is_published")
    kept = ("published_at", *WrittenAdmin.kept)

    @admin.display(description="published", boolean=True, ordering="published_at")
    def published(self, article: Article) -> bool:
        return article.is_published

    def add(self, request: HttpRequest, form: forms.ModelForm[Any]) -> Model:
        data, by, at = form.cleaned_data, self.actor(request, form.instance), clock.now()
        made = knowledge_actions.create_article(
            workspace=data["workspace"],
            title=data["title"],
            body=data["body"],
            visibility=data["visibility"],
            by=by,
            at=at,
        )
        return knowledge_actions.publish_article(article=made, by=by, at=at) if data["is_published"] else made

    def change(self, request: HttpRequest, obj: Article, form: forms.ModelForm[Any]) -> None:
        data = form.cleaned_data
        act: dict[str, Any] = {"by": self.actor(request, obj), "at": clock.now()}
        knowledge_actions.update_article(
            article=obj, title=data["title"], body=data["body"], visibility=data["visibility"], **act
        )
        settle = knowledge_actions.publish_article if data["is_published"] else knowledge_actions.unpublish_article
        settle(article=obj, **act)

    def remove(self, request: HttpRequest, obj: Article) -> None:
        knowledge_actions.delete_article(article=obj, by=self.actor(request, obj), at=clock.now())

    @admin.action(description="Publish the selected articles", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        for article in queryset:
            knowledge_actions.publish_article(article=article, by=self.actor(request, article), at=clock.now())
        self.message_user(request, "Published.", messages.SUCCESS)

    @admin.action(description="Unpublish the selected articles", permissions=["change"])
    def unpublish(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        for article in queryset:
            knowledge_actions.unpublish_article(article=article, by=self.actor(request, article), at=clock.now())
        self.message_user(request, "Unpublished.", messages.SUCCESS)


@admin.register(Macro)
class MacroAdmin(WrittenAdmin):
    """Macros."""

    form = MacroForm
    list_display = ("name", "author", "updated_at", "last_used_at", "workspace")
    list_filter = (WorkspaceFilter,)
    search_fields = ("name",)
    written = ("name", "body")
    kept = ("effects", "last_used_at", *WrittenAdmin.kept)

    def add(self, request: HttpRequest, form: forms.ModelForm[Any]) -> Model:
        data = form.cleaned_data
        return knowledge_actions.create_macro(
            workspace=data["workspace"],
            name=data["name"],
            body=data["body"],
            by=self.actor(request, form.instance),
            at=clock.now(),
        )

    def change(self, request: HttpRequest, obj: Macro, form: forms.ModelForm[Any]) -> None:
        data = form.cleaned_data
        knowledge_actions.update_macro(
            macro=obj, name=data["name"], body=data["body"], by=self.actor(request, obj), at=clock.now()
        )

    def remove(self, request: HttpRequest, obj: Macro) -> None:
        knowledge_actions.delete_macro(macro=obj, by=self.actor(request, obj), at=clock.now())
