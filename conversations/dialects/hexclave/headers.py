"""The format's own headers: every one has two spellings, `x-stack-NAME` and `x-hexclave-NAME`, and the latter wins."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from conversations.api.headers import Headers

_REQUEST_ID = "parley.request_id"
_SENT = (
    "access-type", "project-id", "branch-id", "publishable-client-key", "admin-access-token", "access-token",
    "refresh-token", "allow-anonymous-user", "allow-restricted-user", "override-error-status", "client-version",
    "random-nonce",
)  # fmt: skip


def _spelled(*names: str) -> tuple[str, ...]:
    return tuple(f"X-{brand}-{name}" for brand in ("Stack", "Hexclave") for name in names)


HEADERS = Headers(
    credentials=_spelled("secret-server-key", "super-secret-admin-key"),
    request=_spelled(*_SENT),
    response=("Content-Type", *_spelled("Request-Id", "Known-Error", "Actual-Status")),
    replayed=_spelled("Known-Error"),
)


def header(request: HttpRequest, name: str) -> str | None:
    """The value of a header in either spelling; None where it is absent or blank."""
    value = request.headers.get(f"x-hexclave-{name}")
    if value is None:
        value = request.headers.get(f"x-stack-{name}", "")
    return value.strip() or None


def is_sent(request: HttpRequest, name: str) -> bool:
    """Whether the header was sent, with any value."""
    return f"x-hexclave-{name}" in request.headers or f"x-stack-{name}" in request.headers


def put(response: HttpResponseBase, name: str, value: str) -> None:
    """Set a header in both spellings."""
    response[f"X-Stack-{name}"] = response[f"X-Hexclave-{name}"] = value


def request_id(request: HttpRequest) -> str:
    """The request's id in the answer; the same each time."""
    made: str = request.META.setdefault(_REQUEST_ID, uuid.uuid4().hex)
    return made


def finish(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Add the headers of every answer, and turn a 4xx into a 200 where the client asked for it."""
    put(response, "Request-Id", request_id(request))
    response["Cache-Control"] = "no-store, max-age=0"
    if 400 <= response.status_code < 500 and is_sent(request, "override-error-status"):
        put(response, "Actual-Status", str(response.status_code))
        response.status_code = 200
    return response
