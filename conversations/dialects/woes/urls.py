"""The documented paths, exactly: no trailing slash anywhere."""

from django.urls import path

from conversations.dialects.woes.views import Conversations, Messages

urlpatterns = [
    path("api/v1/conversations", Conversations.as_view({"get": "list", "post": "create"})),
    path(
        "api/v1/conversations/<str:conversation_id>",
        Conversations.as_view({"get": "retrieve", "patch": "partial_update"}),
    ),
    path(
        "api/v1/conversations/<str:conversation_id>/messages",
        Messages.as_view({"get": "list", "post": "create"}),
    ),
]
