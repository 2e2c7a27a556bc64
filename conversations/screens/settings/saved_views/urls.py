"""Saved views: the list, and a page for each."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.saved_views import views

urlpatterns = [
    path("", views.listing, name="saved-views"),
    path("/new", views.new, name="new-saved-view"),
    path("/<str:short_id>", views.edit, name="saved-view"),
    path("/<str:short_id>/delete", views.delete, name="delete-saved-view"),
    path("/<str:short_id>/favorite", views.favorite, name="favorite-saved-view"),
    path("/<str:short_id>/move", views.move, name="move-saved-view"),
]
