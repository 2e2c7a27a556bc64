"""The knowledge base: its articles, listed, read, written and published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import clock, transaction
from accounts.errors import DomainError, Forbidden, Invalid, NotFound
from accounts.permissions import may, permit
from conversations.knowledge import actions as knowledge_actions
from conversations.knowledge import queries as knowledge_queries
from conversations.knowledge.queries import ArticleView
from conversations.models import Article, ArticleVisibility
from conversations.screens import errors
from conversations.screens.knowledge import forms, labels
from conversations.screens.shell import DeskRequest, is_fragment, remember, screen, shell

R = TypeVar("R")

PAGE = 30
reads_or_writes = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class KnowledgePlace:
    """The view and the search that a person has chosen, which the links of a list keep."""

    view: ArticleView
    search: str

    @classmethod
    def of(cls, request: HttpRequest) -> KnowledgePlace:
        """From the query string; anything unknown falls back to the default."""
        views = knowledge_queries.ARTICLE_VIEWS
        return cls(
            view=views.get(request.GET.get("view", ""), views[knowledge_queries.DEFAULT_ARTICLE_VIEW]),
            search=request.GET.get("q", "").strip()[:200],
        )

    @property
    def query(self) -> str:
        """The query string that leads back here, without `?`."""
        return self._query(self.view)

    def tabs(self, *, with_drafts: bool) -> list[tuple[str, str, bool]]:
        """The views with this search: label, query string, and whether it is this one."""
        views = [view for view in knowledge_queries.ARTICLE_VIEWS.values() if with_drafts or not view.is_about_drafts]
        return [(str(view.label), self._query(view), view == self.view) for view in views]

    def _query(self, view: ArticleView) -> str:
        return urlencode({"view": view.key} | ({"q": self.search} if self.search else {}))


def page(request: DeskRequest, body: str, facts: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A screen of the knowledge base: the whole page, or the part beside the rail."""
    context = {
        **shell(request, "knowledge"),
        "may_edit": _may_edit(request),
        "body": body,
        "now": clock.now(),
        "place": KnowledgePlace.of(request),
        **facts,
    }
    if is_fragment(request):
        return render(request, body, context, status=status)
    remember(request)
    return render(request, "knowledge/page.html", context, status=status)


def saved(form: Form, save: Callable[[dict[str, Any]], R]) -> R | None:
    """The result of `save` for a form's values; None when it was refused, with the reason among the form's errors."""
    if not form.is_valid():
        return None
    try:
        return transaction.atomic(save)(form.cleaned_data)
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        fault = ValidationError(errors.of_error(error), code=error.code)
        form.add_error(error.field if error.field in form.fields else None, fault)
        return None


def listed(request: DeskRequest, name: str, facts: dict[str, Any]) -> HttpResponse:
    """A list: further rows, the results of a search, or the screen, by the target. `name` is the folder of its templates."""
    target = request.htmx.target if is_fragment(request) else None
    parts = {"more": f"knowledge/{name}/rows.html", "found": f"knowledge/{name}/results.html"}
    return page(request, parts.get(target or "", f"knowledge/{name}/list.html"), facts)


@require_GET
@screen
def articles(request: DeskRequest) -> HttpResponse:
    """A view's articles, or those of it that match a search."""
    permit(request.actor, "knowledge.read")
    place = KnowledgePlace.of(request)
    try:
        found = knowledge_queries.article_page(
            place.view,
            with_drafts=_may_edit(request),
            search=place.search,
            after=request.GET.get("after"),
            limit=PAGE,
        )
    except Invalid as error:
        raise Http404("no such page") from error
    empty = labels.NOT_FOUND if place.search else labels.EMPTY[place.view.key]
    facts = {"rows": found.rows, "next": found.next, "empty": empty, "tabs": place.tabs(with_drafts=_may_edit(request))}
    return listed(request, "articles", facts)


@require_GET
@screen
def article(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """One article, to read."""
    permit(request.actor, "knowledge.read")
    row = knowledge_queries.article(public_id, with_drafts=_may_edit(request))
    return page(request, "knowledge/articles/read.html", {"article": row})


@reads_or_writes
@screen
def new(request: DeskRequest) -> HttpResponse:
    """Write an article; it stays a draft unless it is published at once."""
    permit(request.actor, "knowledge.write")
    form = forms.ArticleForm(
        request.POST if request.method == "POST" else None, initial={"visibility": ArticleVisibility.PUBLIC}
    )

    def save(given: dict[str, Any]) -> Article:
        by, at = request.actor, clock.now()
        made = knowledge_actions.create_article(
            workspace=request.workspace,
            title=given["title"],
            body=given["body"],
            visibility=given["visibility"],
            by=by,
            at=at,
        )
        return knowledge_actions.publish_article(article=made, by=by, at=at) if given["then"] else made

    if form.is_bound and (made := saved(form, save)):
        return _done(request, made, _("Published.") if made.is_published else _("Draft saved."))
    return _form(request, form)


@reads_or_writes
@screen
def edit(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Change an article, unless somebody else has done so since it was opened."""
    permit(request.actor, "knowledge.write")
    row = knowledge_queries.article(public_id)
    began_from = {"title": row.title, "body": row.body, "visibility": row.visibility}
    form = forms.ArticleForm(request.POST if request.method == "POST" else None, initial=began_from)

    def save(given: dict[str, Any]) -> Article:
        by, at = request.actor, clock.now()
        changed = knowledge_actions.update_article(
            article=row,
            title=given["title"],
            body=given["body"],
            visibility=given["visibility"],
            seen=given["seen"],
            by=by,
            at=at,
        )
        return knowledge_actions.publish_article(article=changed, by=by, at=at) if given["then"] else changed

    if form.is_bound and (changed := saved(form, save)):
        return _done(request, changed, _("Published.") if form.cleaned_data["then"] else _("Saved."))
    return _form(request, form, row)


@require_POST
@screen
def publish(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Publish an article, so that answers use it."""
    row = knowledge_queries.article(public_id)
    return _done(
        request, knowledge_actions.publish_article(article=row, by=request.actor, at=clock.now()), _("Published.")
    )


@require_POST
@screen
def unpublish(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Make an article a draft again."""
    row = knowledge_queries.article(public_id)
    return _done(
        request, knowledge_actions.unpublish_article(article=row, by=request.actor, at=clock.now()), _("Unpublished.")
    )


@reads_or_writes
@screen
def delete(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Ask, then delete an article."""
    permit(request.actor, "knowledge.write")
    row = knowledge_queries.article(public_id)
    if request.method != "POST":
        return page(request, "knowledge/articles/delete.html", {"article": row})
    knowledge_actions.delete_article(article=row, by=request.actor, at=clock.now())
    messages.success(request, _("Article deleted."))
    return redirect("knowledge", request.workspace.slug)


def _may_edit(request: DeskRequest) -> bool:
    """Whether the person may write here, and so see drafts."""
    return may(request.actor, "knowledge.write")


def _done(request: DeskRequest, row: Article, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect(reverse("article", args=[request.workspace.slug, row.public_id]))


def _form(request: DeskRequest, form: forms.ArticleForm, row: Article | None = None) -> HttpResponse:
    """The form, with what was typed still in it."""
    has_moved_on = form.is_bound and form.has_error(NON_FIELD_ERRORS, "article_changed")
    seen = form.data.get("seen", "") if form.is_bound and not has_moved_on else ""
    if not seen and row is not None:
        # The current version: the person now knows of the change and may replace it.
        seen = row.updated_at.isoformat()
    facts = {"form": form, "article": row, "seen": seen, "has_moved_on": has_moved_on}
    status = 409 if has_moved_on else 422 if form.is_bound else 200
    return page(request, "knowledge/articles/form.html", facts, status=status)
