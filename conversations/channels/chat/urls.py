"""The addresses of live chat, under `widget/`."""

from __future__ import annotations

from django.urls import path

from conversations.channels.chat import files, pages, views

_API = "widget/<str:key>/api/"
_ONE = f"{_API}conversations/<uuid:public_id>"

urlpatterns = [
    path("widget.js", pages.loader, name="chat-loader"),
    path("widget/<str:key>/config.js", pages.config_of, name="chat-config"),
    path("widget/<str:key>/", pages.frame_of, name="chat-frame"),
    path("widget/<str:key>/files/<str:token>", files.file, name="chat-file"),
    path(f"{_API}start", views.begin, name="chat-start"),
    path(f"{_API}identify", views.identify, name="chat-identify"),
    path(f"{_API}end", views.end, name="chat-end"),
    path(f"{_API}stream", views.stream, name="chat-stream"),
    path(f"{_API}conversations", views.conversations, name="chat-conversations"),
    path(_ONE, views.conversation, name="chat-conversation"),
    path(f"{_ONE}/messages", views.write, name="chat-write"),
    path(f"{_ONE}/seen", views.seen, name="chat-seen"),
    path(f"{_ONE}/typing", views.is_typing, name="chat-typing"),
    path(f"{_ONE}/resolve", views.resolve, name="chat-resolve"),
    path(f"{_ONE}/reopen", views.reopen, name="chat-reopen"),
    path(f"{_ONE}/transcript", views.transcript, name="chat-transcript"),
    path(f"{_ONE}/decision", views.decide, name="chat-decision"),
    path(f"{_API}<path:rest>", views.missing, name="chat-missing"),
]
