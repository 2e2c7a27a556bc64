"""The calls that customers asked for."""

from __future__ import annotations

from django.urls import path

from conversations.screens.callbacks import views

urlpatterns = [
    path("callbacks", views.callbacks, name="callbacks"),
    path("callbacks/<int:number>/called", views.mark_called, name="mark-called"),
    path("callbacks/<int:number>/undo", views.undo, name="unmark-called"),
]
"""A callback is named by the number of its conversation."""
