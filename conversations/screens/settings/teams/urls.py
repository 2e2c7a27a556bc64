"""The workspace's teams."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.teams import views

urlpatterns = [
    path("", views.teams, name="teams"),
    path("/new", views.add, name="add-team"),
    path("/<uuid:public_id>", views.team, name="team"),
    path("/<uuid:public_id>/delete", views.delete, name="delete-team"),
]
