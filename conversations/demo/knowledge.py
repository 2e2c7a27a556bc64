"""Fills the knowledge base: articles for customers and for the team, and macros."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from rest_framework import serializers

from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.demo import cast
from conversations.demo.documents import Fields, documents
from conversations.knowledge import actions as knowledge_actions
from conversations.models import ArticleVisibility


class MacroFields(Fields):
    """The front matter of a macro."""

    name = serializers.CharField()
    author = serializers.ChoiceField([person.name for person in cast.TEAM])
    days_ago = serializers.IntegerField(min_value=0)


class ArticleFields(Fields):
    """The front matter of an article."""

    title = serializers.CharField()
    author = serializers.ChoiceField([person.name for person in cast.TEAM])
    days_ago = serializers.IntegerField(min_value=0)
    visibility = serializers.ChoiceField(ArticleVisibility.choices, default=ArticleVisibility.PUBLIC)
    is_draft = serializers.BooleanField(default=False)


def write(workspace: Workspace, actors: Mapping[str, Actor], now: datetime) -> None:
    """Write the articles and macros of the content; `actors` are the team by email. Raises Invalid."""
    authors = {person.name: actors[person.email] for person in cast.TEAM}
    for article in documents("articles/*.md", ArticleFields):
        by, at = authors[article.fields["author"]], now - timedelta(days=article.fields["days_ago"], hours=3)
        created = knowledge_actions.create_article(
            workspace=workspace,
            title=article.fields["title"],
            body=article.text,
            visibility=ArticleVisibility(article.fields["visibility"]),
            by=by,
            at=at,
        )
        if not article.fields["is_draft"]:
            knowledge_actions.publish_article(article=created, by=by, at=at + timedelta(minutes=20))
    for macro in documents("macros/*.md", MacroFields):
        by, at = authors[macro.fields["author"]], now - timedelta(days=macro.fields["days_ago"])
        knowledge_actions.create_macro(workspace=workspace, name=macro.fields["name"], body=macro.text, by=by, at=at)
