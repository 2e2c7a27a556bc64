"""Articles and macros in admin: each page is the verbs, with the form again when they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Event, Workspace
from conversations.models import Article, Macro
from tests.conftest import Member
from tests.factories import ArticleFactory, MacroFactory

pytestmark = pytest.mark.usefixtures("in_acme")
TEXT = {"title": "Lost password", "body": "Press\r\nreset.", "visibility": "internal"}


def post(client: Client, page: str, *args: Any, **values: Any) -> HttpResponse:
    return client.post(reverse(f"admin:conversations_{page}", args=args), values)  # type: ignore[return-value]


def test_article_is_written_published_changed_and_deleted(as_ada: Client, acme: Workspace, ada: Member) -> None:
    assert post(as_ada, "article_add", workspace=acme.pk, is_published="on", **TEXT).status_code == 302
    row = Article.objects.get()
    assert (row.title, row.body, row.visibility, row.author) == ("Lost password", "Press\nreset.", "internal", ada.user)
    assert row.is_published

    assert post(as_ada, "article_change", row.pk, **{**TEXT, "visibility": "public"}).status_code == 302
    row.refresh_from_db()
    assert (row.visibility, row.is_published) == ("public", False)
    before = Event.objects.count()
    post(as_ada, "article_change", row.pk, **{**TEXT, "visibility": "public"})
    assert Event.objects.count() == before

    page = as_ada.get(reverse("admin:conversations_article_history", args=[row.pk])).content.decode()
    assert "Article published" in page
    assert post(as_ada, "article_delete", row.pk, post="yes").status_code == 302
    assert not Article.objects.exists()
    assert list(Event.objects.filter(subject_type="article").order_by("pk").values_list("type", flat=True)) == [
        "article.created", "article.published", "article.updated", "article.unpublished", "article.deleted",
    ]  # fmt: skip


def test_selected_articles_are_published_taken_back_and_deleted(as_ada: Client, acme: Workspace) -> None:
    rows = [ArticleFactory(workspace=acme, published=False).pk for _ in range(2)]
    for action, published in (("publish", 2), ("unpublish", 0)):
        post(as_ada, "article_changelist", action=action, _selected_action=rows)
        assert Article.objects.filter(published_at__isnull=False).count() == published
    post(as_ada, "article_changelist", action="delete_selected", _selected_action=rows, post="yes")
    assert Event.objects.filter(type="article.deleted").count() == 2


def test_macro_is_written_changed_and_deleted(as_ada: Client, acme: Workspace) -> None:
    assert post(as_ada, "macro_add", workspace=acme.pk, name="Refund", body="On its way.").status_code == 302
    row = Macro.objects.get()
    assert post(as_ada, "macro_change", row.pk, name="Refunds", body="On its way.").status_code == 302
    row.refresh_from_db()
    assert row.name == "Refunds"
    assert post(as_ada, "macro_delete", row.pk, post="yes").status_code == 302
    assert list(Event.objects.filter(subject_type="macro").order_by("pk").values_list("type", flat=True)) == [
        "macro.created", "macro.updated", "macro.deleted",
    ]  # fmt: skip


def test_name_that_is_taken_is_refused_at_its_field_with_the_text_still_there(as_ada: Client, acme: Workspace) -> None:
    MacroFactory(workspace=acme, name="Refund")
    page = post(as_ada, "macro_add", workspace=acme.pk, name="REFUND", body="My long text")
    assert page.status_code == 200
    assert page.context["adminform"].form.errors == {"name": ["A macro with this name already exists."]}  # type: ignore[attr-defined]
    assert "My long text" in page.content.decode()
    assert Macro.objects.count() == 1
