"""Hosted forms: their list, and one each."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.forms import views

urlpatterns = [
    path("", views.listing, name="forms"),
    path("/add", views.add, name="add-form"),
    path("/<int:number>", views.change, name="change-form"),
    path("/<int:number>/delete", views.delete, name="delete-form"),
]
