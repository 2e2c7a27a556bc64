"""Whom and what the desk offers to choose from: by suggestions of the search, as recipients, in the palette, and to merge with."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Case, F, Model, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Left, Lower, NullIf

from accounts.models import Membership
from accounts.permissions import Actor, may
from conversations.models import Article, Company, Contact, Macro
from conversations.models.knowledge import ArticleQuerySet
from conversations.models.searched import TokensQuery
from conversations.queries import saved_views
from conversations.texts.tokens import fold
from conversations.texts.validation import can_be_kept

LOOKED_AT = 50
"""How many of the newest that hold some words are looked at for the best of them."""


def contacts(*, to_write_to: bool = False) -> QuerySet[Contact]:
    """Contacts that can be chosen: none that was merged into another, or erased; nor, as someone `to_write_to`, a blocked one."""
    rows = Contact.objects.filter(merged_into=None, erased_at=None)
    return rows.filter(blocked_at=None) if to_write_to else rows


def named(typed: str, limit: int) -> list[Contact]:
    """The contacts that hold all words of a text: first those who are called so, then those whose name begins so, then the newest."""
    words = TokensQuery.of(typed) if can_be_kept(typed) else None
    if words is None:
        return []
    wanted = " ".join(typed.split()).lower()
    rows = contacts().only("workspace", "public_id", "name", "email", "external_id", "company", "blocked_at")
    newest = rows.filter(tokens=words).order_by("-pk")[:LOOKED_AT]
    exact = [
        rows.alias(lower=Lower("name")).filter(lower=wanted).exclude(name="").order_by("pk")[:limit],
        rows.filter(email=wanted, email__has_text=True).order_by("pk")[:limit],
    ]
    found = newest.union(*exact)
    return sorted(found, key=lambda row: (rank(wanted, row.name, row.email), -row.pk))[:limit]


class Thing(NamedTuple):
    """Something that has a name: `key` is its id in addresses."""

    kind: str
    key: str
    name: str
    about: str


def things(typed: str, actor: Actor, limit: int) -> list[Thing]:
    """Companies, articles, macros, members and saved views that are called so, a few of each kind, the best first. One query.

    Macros, which only agents use, and articles that are not published are for those who may write them.
    """
    words = typed.split()
    asked = TokensQuery.of(typed) if can_be_kept(typed) else None
    if not words or asked is None:
        return []
    is_writer = may(actor, "knowledge.write")
    articles: QuerySet[Article] = Article.objects.get_queryset()
    if not is_writer and isinstance(articles, ArticleQuerySet):
        articles = articles.published()
    companies = Company.objects.filter(tokens=asked, merged_into=None)
    parts = [
        _part("company", companies, typed, limit, name=F("name"), key=F("public_id")),
        _part("article", articles.filter(tokens=asked), typed, limit, name=F("title"), key=F("public_id")),
        _part("member", _members(words), typed, limit, name=_CALLED, key=F("user"), about=F("user__email")),
        _part("view", _views(words, actor), typed, limit, name=F("name"), key=F("short_id"), about=F("subject")),
    ]
    if is_writer:
        macros = Macro.objects.filter(tokens=asked)
        parts.append(_part("macro", macros, typed, limit, name=F("name"), key=F("public_id"), about=Left("body", 120)))
    rows = parts[0].union(*parts[1:], all=True)
    return [Thing(*row[:4]) for row in sorted(rows, key=lambda row: (row[4], row[2].lower()))]


_CALLED = Coalesce(NullIf("user__name", Value("")), "user__email")


def _members(words: list[str]) -> QuerySet[Membership]:
    rows = Membership.objects.filter(user__is_active=True)
    for word in words:
        rows = rows.filter(Q(user__name__icontains=word) | Q(user__email__icontains=word))
    return rows


def _views(words: list[str], actor: Actor) -> QuerySet[Any]:
    rows = saved_views.saved_views(actor).select_related(None)
    for word in words:
        rows = rows.filter(name__icontains=word)
    return rows


def _part(
    kind: str, rows: QuerySet[Any], typed: str, limit: int, *, name: Any, key: Any, about: Any = None
) -> QuerySet[Model, tuple[Any, ...]]:
    """The best of the rows by their names, in the columns that all kinds have."""
    rows = rows.order_by().annotate(
        offered_kind=Value(kind, output_field=TextField()),
        offered_key=Cast(key, TextField()),
        offered_name=Cast(name, TextField()),
        offered_about=Cast(Value("") if about is None else about, TextField()),
    )
    begins, within = Q(offered_name__istartswith=typed), Q(offered_name__icontains=typed)
    rows = rows.annotate(offered_rank=Case(When(begins, then=0), When(within, then=1), default=2))
    columns = ("offered_kind", "offered_key", "offered_name", "offered_about", "offered_rank")
    return rows.order_by("offered_rank", "offered_name").values_list(*columns)[:limit]


def rank(wanted: str, *texts: str) -> int:
    """How well texts match what was typed, both without case and accents: 0 for the same, 1 for a beginning, 2 for that of a word."""
    wanted, found = fold(wanted), 3
    for text in map(fold, texts):
        if text == wanted:
            return 0
        if text.startswith(wanted):
            found = 1
        elif f" {wanted}" in text:
            found = min(found, 2)
    return found
