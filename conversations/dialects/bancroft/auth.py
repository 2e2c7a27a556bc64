"""`X-API-Key: <key>` or `Authorization: Bearer <key>` for conversations, and the dashboard's session for making keys."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from accounts.errors import Forbidden
from accounts.models import User
from conversations.api.credentials import KeyAuthentication, bearer


class BancroftKey(KeyAuthentication):
    """An organisation's key; `X-API-Key` wins where both headers are sent."""

    def secret(self, request: Request) -> str | None:
        return request.headers.get("X-API-Key", "").strip() or bearer(request)


class DashboardSession(BaseAuthentication):
    """The person who is signed in to the desk in this browser. Raises NotAuthenticated, or Forbidden without a CSRF token."""

    def authenticate(self, request: Request) -> tuple[User, None]:
        user = request._request.user
        if not (isinstance(user, User) and user.is_active):
            raise NotAuthenticated("Sign in to the desk first.")
        _require_csrf_token(request._request)
        return user, None


class _Csrf(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def _require_csrf_token(request: HttpRequest) -> None:
    # REST framework exempts its views from the middleware; a session, unlike a key, is sent by any page's form.
    # Looking for the token in a form would use up the body unless it has been read.
    _ = request.body
    check = _Csrf(lambda _: HttpResponse())
    check.process_request(request)
    if check.process_view(request, lambda _: HttpResponse(), (), {}) is not None:
        raise Forbidden("The CSRF token is missing or wrong: send the csrftoken cookie's value as X-CSRFToken.")


class BancroftKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """Either header."""

    target_class = BancroftKey
    name = ["apiKeyHeader", "bearerKey"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        description = "An API key of a workspace."
        return [
            {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": description},
            {"type": "http", "scheme": "bearer", "description": description},
        ]


class DashboardSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """The session cookie, with Django's CSRF token."""

    target_class = DashboardSession
    name = ["sessionCookie", "csrfToken"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        return [
            {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "A signed-in admin's session."},
            {"type": "apiKey", "in": "header", "name": "X-CSRFToken", "description": "The `csrftoken` cookie's value."},
        ]
