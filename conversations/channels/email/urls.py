"""The addresses of the email channel for the outside, under `mail/`."""

from __future__ import annotations

from django.urls import path

from conversations.channels.email import views
from conversations.channels.email.ingress.views import Ingress

urlpatterns = [
    path("mail/files/<str:token>", views.mailed_file, name="mailed-file"),
    path("mail/ingress/<str:secret>", Ingress.as_view(), name="mail-ingress"),
    path("mail/ingress/<str:secret>/<str:provider>", Ingress.as_view(), name="mail-ingress-of"),
]
