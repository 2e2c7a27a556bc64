"""Calls from web pages. A preflight carries no key, so it is answered permissively; the real call is judged by its key."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from conversations.api.headers import Headers

_SENT = (
    "Authorization", "Content-Type", "Idempotency-Key", "X-Bundle-ID", "X-User-Email", "X-User-Hash", "X-Conversation-Token",
)  # fmt: skip
_SHOWN = ("Retry-After", "Idempotent-Replayed")


def is_preflight(request: HttpRequest) -> bool:
    """Whether a browser asks if it may call."""
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def preflight(own: Headers) -> HttpResponse:
    """Yes, for a day: the answer depends on the key, which the real call carries."""
    return HttpResponse(
        status=204,
        headers={
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
            # `*` does not cover Authorization, and some browsers know no `*` here.
            "Access-Control-Allow-Headers": ", ".join([*_SENT, *own.credentials, *own.request, "*"]),
            "Access-Control-Max-Age": "86400",
        },
    )


def allow(request: HttpRequest, response: HttpResponseBase, own: Headers) -> None:
    """Let the page read the answer. No cookies are involved, so any origin may be named."""
    if "Origin" in request.headers:
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = ", ".join([*_SHOWN, *own.response])
