"""Calls from web pages. A preflight carries no key, so it is answered permissively; the real call is judged by its key."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from accounts.credentials.authentication import Grant
from accounts.models import KeyKind
from conversations.api.problems import OriginRefused

_EXPOSED = "Retry-After, Idempotent-Replayed, X-Stack-Known-Error, X-Stack-Actual-Status, X-Hexclave-Known-Error"


def is_preflight(request: HttpRequest) -> bool:
    """Whether a browser asks if it may call."""
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def preflight() -> HttpResponse:
    """Yes, for a day: the answer depends on the key, which the real call carries."""
    return HttpResponse(
        status=204,
        headers={
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
            # `*` does not cover Authorization.
            "Access-Control-Allow-Headers": (
                "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-API-Key, X-Bundle-ID, X-User-Email, X-User-Hash, "
                "X-Conversation-Token, *"
            ),
            "Access-Control-Max-Age": "86400",
        },
    )


def allow(request: HttpRequest, response: HttpResponseBase) -> None:
    """Let the page read the answer. No cookies are involved, so any origin may be named."""
    if "Origin" in request.headers:
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = _EXPOSED


def check_origin(request: HttpRequest, grant: Grant) -> None:
    """Raises OriginRefused when the key lists where it may be used and this is not it."""
    key = grant.key
    if not key.allowed_origins and not key.allowed_bundle_ids:
        return
    origin = request.headers.get("Origin", "").lower()
    bundle = request.headers.get("X-Bundle-ID", "")
    if origin in key.allowed_origins or (key.kind == KeyKind.CLIENT and bundle and bundle in key.allowed_bundle_ids):
        return
    raise OriginRefused
