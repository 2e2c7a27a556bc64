"""The documented paths, exactly: a trailing slash everywhere, and the action as the last word."""

from django.urls import path

from conversations.dialects.bancroft.keys import ApiKeys
from conversations.dialects.bancroft.views import Conversations, Messages

urlpatterns = [
    path("api/v1/conversations/", Conversations.as_view({"get": "list"})),
    path("api/v1/conversations/create/", Conversations.as_view({"post": "create"})),
    path("api/v1/conversations/<str:conversation_id>/", Conversations.as_view({"get": "retrieve"})),
    path("api/v1/conversations/<str:conversation_id>/resolve/", Conversations.as_view({"post": "resolve"})),
    path("api/v1/conversations/<str:conversation_id>/messages/", Messages.as_view({"get": "list"})),
    path("api/v1/conversations/<str:conversation_id>/messages/create/", Messages.as_view({"post": "create"})),
    path("api/integrations/api-keys/create/", ApiKeys.as_view({"post": "create"})),
]
