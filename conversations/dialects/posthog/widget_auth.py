"""`X-Conversations-Token`: the public token of a widget, by which a page says whose chat it is."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.credentials.authentication import BadKey
from conversations.chat import queries, sessions
from conversations.dialects.posthog import CHAT_HEADER
from conversations.dialects.posthog.error_bodies import Refusal
from conversations.models import Widget


class WidgetToken(BaseAuthentication):
    """A widget's token becomes `request.auth`, the widget. Raises Refusal without one, and BadKey for one that opens nothing."""

    _spectacular_annotation: ClassVar[dict[str, bool]] = {"suppress_collision_warning": True}

    def authenticate(self, request: Request) -> tuple[Any, Widget]:
        token = request.headers.get(CHAT_HEADER, "").strip()
        if not token:
            raise Refusal(403, f"The header {CHAT_HEADER} is missing.")
        widget = queries.find(token)
        if widget is None:
            raise BadKey("no such widget")
        return sessions.visitor(widget), widget


class WidgetTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """The header of the token."""

    target_class = WidgetToken
    name = "conversationsToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": CHAT_HEADER,
            "description": "The public token of a chat widget, as its settings show it.",
        }
