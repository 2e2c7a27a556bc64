"""Custom attributes: their list, and one to change. An attribute is named by its public id."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.attributes import views

urlpatterns = [
    path("", views.attributes, name="attributes"),
    path("/<uuid:public_id>", views.edit, name="edit-attribute"),
    path("/<uuid:public_id>/move", views.move, name="move-attribute"),
    path("/<uuid:public_id>/archive", views.archive, name="archive-attribute"),
]
