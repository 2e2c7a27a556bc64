"""Calls from web pages. A preflight request has no key and always succeeds; the real call is checked by its key."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from conversations.api.headers import Headers

_REQUEST_HEADERS = (
    "Authorization", "Content-Type", "Idempotency-Key", "X-Bundle-ID", "X-User-Email", "X-User-Hash", "X-Conversation-Token",
)  # fmt: skip
_RESPONSE_HEADERS = ("Retry-After", "Idempotent-Replayed")


def is_preflight(request: HttpRequest) -> bool:
    """Whether this is a preflight request."""
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def preflight(own: Headers) -> HttpResponse:
    """Allow everything, for a day: the key of the real call decides."""
    return HttpResponse(
        status=204,
        headers={
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
            # `*` does not cover Authorization, and some browsers know no `*` here.
            "Access-Control-Allow-Headers": ", ".join([*_REQUEST_HEADERS, *own.credentials, *own.request, "*"]),
            "Access-Control-Max-Age": "86400",
        },
    )


def allow(request: HttpRequest, response: HttpResponseBase, own: Headers) -> None:
    """Let the page read the answer. No cookies are involved, so any origin is allowed."""
    if "Origin" in request.headers:
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = ", ".join([*_RESPONSE_HEADERS, *own.response])
