"""The addresses of the email channel for the outside, under `mail/`."""

from __future__ import annotations

from django.urls import path

from conversations.channels.email import views

urlpatterns = [
    path("mail/files/<str:token>", views.mailed_file, name="mailed-file"),
]
