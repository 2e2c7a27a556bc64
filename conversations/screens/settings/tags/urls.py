"""The workspace's tags."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.tags import views

urlpatterns = [
    path("", views.tags, name="tags"),
    path("/<int:number>", views.tag, name="tag"),
    path("/<int:number>/delete", views.delete, name="delete-tag"),
]
