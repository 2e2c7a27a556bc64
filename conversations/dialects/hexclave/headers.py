"""The format's own headers: every one has two spellings, `x-stack-NAME` and `x-hexclave-NAME`, and the latter wins."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from conversations.api import cors

_REQUEST_ID = "parley.request_id"
_SENT = (
    "access-type", "project-id", "branch-id", "publishable-client-key", "secret-server-key", "super-secret-admin-key",
    "admin-access-token", "access-token", "refresh-token", "allow-anonymous-user", "allow-restricted-user",
    "override-error-status", "client-version", "random-nonce",
)  # fmt: skip
_EXPOSED = ("Request-Id", "Known-Error", "Actual-Status")


def header(request: HttpRequest, name: str) -> str | None:
    """The value of a header in either spelling; None where it is absent or blank."""
    value = request.headers.get(f"x-hexclave-{name}")
    if value is None:
        value = request.headers.get(f"x-stack-{name}", "")
    return value.strip() or None


def is_sent(request: HttpRequest, name: str) -> bool:
    """Whether the header is there at all, with whatever value."""
    return f"x-hexclave-{name}" in request.headers or f"x-stack-{name}" in request.headers


def put(response: HttpResponseBase, name: str, value: str) -> None:
    """Set a header in both spellings."""
    response[f"X-Stack-{name}"] = response[f"X-Hexclave-{name}"] = value


def request_id(request: HttpRequest) -> str:
    """What the answer calls this request; the same however often it is asked."""
    made: str = request.META.setdefault(_REQUEST_ID, uuid.uuid4().hex)
    return made


def preflight() -> HttpResponse:
    """The answer to any OPTIONS: empty and permissive. Some browsers know no `*` among headers, so ours are named."""
    response = cors.preflight()
    named = [f"X-{brand}-{name}" for brand in ("Stack", "Hexclave") for name in _SENT]
    response["Access-Control-Allow-Headers"] = ", ".join(
        ["Authorization", "Content-Type", "Idempotency-Key", *named, "*"]
    )
    return response


def finish(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """What every answer carries, and the status that a client asked to have instead of a 4xx."""
    put(response, "Request-Id", request_id(request))
    response["Cache-Control"] = "no-store, max-age=0"
    if "Access-Control-Expose-Headers" in response:
        named = [f"X-{brand}-{name}" for brand in ("Stack", "Hexclave") for name in _EXPOSED]
        response["Access-Control-Expose-Headers"] = ", ".join(
            ["Content-Type", "Retry-After", "Idempotent-Replayed", *named]
        )
    if 400 <= response.status_code < 500 and is_sent(request, "override-error-status"):
        put(response, "Actual-Status", str(response.status_code))
        response.status_code = 200
    return response
