"""The documented paths, below either base: no trailing slash anywhere. OpenAPI describes the first base alone."""

from typing import Any

from django.urls import path

from conversations.dialects.hexclave.views import AgentConversations, CustomerConversations, Feedback

BASES = ("api/v1/internal", "api/latest/internal")
_LIST: dict[str, Any] = {"get": "list", "post": "create"}
_ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}

urlpatterns = [
    pattern
    for base, documented in zip(BASES, ({}, {"schema": None}), strict=True)
    for pattern in (
        path(f"{base}/dogfood/support/conversations", CustomerConversations.as_view(_LIST, **documented)),
        path(
            f"{base}/dogfood/support/conversations/<str:conversation_id>",
            CustomerConversations.as_view(_ONE, **documented),
        ),
        path(f"{base}/conversations", AgentConversations.as_view(_LIST, **documented)),
        path(f"{base}/conversations/<str:conversation_id>", AgentConversations.as_view(_ONE, **documented)),
        path(f"{base}/feedback", Feedback.as_view({"post": "create"}, **documented)),
    )
]
