"""The knowledge base."""

from __future__ import annotations

from django.urls import path

from conversations.screens.knowledge import articles, macros

urlpatterns = [
    path("knowledge", articles.articles, name="knowledge"),
    path("knowledge/articles/new", articles.new, name="article-new"),
    path("knowledge/articles/<uuid:public_id>", articles.article, name="article"),
    path("knowledge/articles/<uuid:public_id>/edit", articles.edit, name="article-edit"),
    path("knowledge/articles/<uuid:public_id>/publish", articles.publish, name="article-publish"),
    path("knowledge/articles/<uuid:public_id>/unpublish", articles.unpublish, name="article-unpublish"),
    path("knowledge/articles/<uuid:public_id>/delete", articles.delete, name="article-delete"),
    path("knowledge/macros", macros.macros, name="macros"),
    path("knowledge/macros/new", macros.new, name="macro-new"),
    path("knowledge/macros/<uuid:public_id>", macros.macro, name="macro"),
    path("knowledge/macros/<uuid:public_id>/edit", macros.edit, name="macro-edit"),
    path("knowledge/macros/<uuid:public_id>/delete", macros.delete, name="macro-delete"),
    path("inbox/<int:number>/macros", macros.composer_menu, name="macro-menu"),
    path("inbox/<int:number>/macros/<uuid:public_id>", macros.filled_in, name="macro-filled-in"),
]
