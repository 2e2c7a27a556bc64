"""Questions about the knowledge base, in the open workspace scope."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce, Left
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import clock
from accounts.errors import NotFound
from conversations.knowledge import counting
from conversations.models import Article, ArticleVisibility, Macro, MacroUse
from conversations.models.knowledge import ArticleQuerySet
from conversations.models.searched import holding
from conversations.queries.paging import Page, by_name, keyset

OPENING = 400
"""Characters of a text that a list reads: enough for two lines."""


@dataclass(frozen=True, slots=True)
class ArticleView:
    """A part of the knowledge base: its key in URLs, its label, and which articles are in it."""

    key: str
    label: str | Promise
    rows: Callable[[ArticleQuerySet], ArticleQuerySet]
    is_about_drafts: bool = False
    """It is of no use to those who see no drafts."""


ARTICLE_VIEWS: dict[str, ArticleView] = {
    view.key: view
    for view in (
        ArticleView("all", _("All"), lambda rows: rows),
        ArticleView("published", _("Published"), lambda rows: rows.published(), is_about_drafts=True),
        ArticleView("drafts", _("Drafts"), lambda rows: rows.filter(published_at=None), is_about_drafts=True),
        ArticleView("internal", _("Team only"), lambda rows: rows.filter(visibility=ArticleVisibility.INTERNAL)),
    )
}
DEFAULT_ARTICLE_VIEW = "all"


def article_page(
    view: ArticleView, *, with_drafts: bool = True, search: str = "", after: str | None = None, limit: int = 30
) -> Page[Article]:
    """One page of a view, latest change first, in one query; each row carries its `opening` instead of its body.

    Drafts are for editors: leave them out for anyone else. Raises Invalid for a cursor that this desk did not make.
    """
    rows = view.rows(_articles(with_drafts=with_drafts))
    rows = rows.select_related("author").defer("body").annotate(opening=Left("body", OPENING))
    return keyset(rows.filter(holding(search, inflected=True)), by="-updated_at", after=after, limit=limit)


def article(public_id: uuid.UUID, *, with_drafts: bool = True) -> Article:
    """One article with its author. Raises NotFound, also for another workspace's article."""
    rows = _articles(with_drafts=with_drafts).select_related("author")
    found = rows.filter(public_id=public_id).order_by("pk").first()
    if found is None:
        raise NotFound("there is no such article")
    return found


def _articles(*, with_drafts: bool) -> ArticleQuerySet:
    rows = cast(ArticleQuerySet, Article.objects.get_queryset())
    return rows if with_drafts else rows.published()


def macro_page(*, search: str = "", after: str | None = None, limit: int = 30) -> Page[Macro]:
    """One page of macros by name, in one query; each row carries its `opening` instead of its body, and `recent_uses` of 30 days.

    Raises Invalid for a cursor that this desk did not make.
    """
    since = counting.shown_after(clock.now())
    uses = MacroUse.objects.filter(macro=OuterRef("pk"), day__gt=since).order_by().values("macro")
    rows = (
        Macro.objects.select_related("author")
        .defer("body")
        .annotate(
            opening=Left("body", OPENING),
            recent_uses=Coalesce(Subquery(uses.annotate(n=Sum("count")).values("n")), 0),
        )
    )
    return by_name(rows.filter(holding(search, inflected=True)), after=after, limit=limit)


def macro(public_id: uuid.UUID) -> Macro:
    """One macro with its author. Raises NotFound, also for another workspace's macro."""
    found = Macro.objects.select_related("author").filter(public_id=public_id).order_by("pk").first()
    if found is None:
        raise NotFound("there is no such macro")
    return found


def uses(macro: Macro) -> int:
    """How often a macro was used in the last 30 days."""
    since = counting.shown_after(clock.now())
    return MacroUse.objects.filter(macro=macro, day__gt=since).aggregate(n=Sum("count"))["n"] or 0
