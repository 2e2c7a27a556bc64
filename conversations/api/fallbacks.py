"""What Django answers by itself, said in the wire format of the path: unknown paths, refused requests, and our own faults."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from conversations.api.discovery import speaking
from conversations.api.envelope import Envelope
from conversations.api.problems import Problem


class PlainEnvelope(Envelope):
    """Errors of paths under /api/ that belong to no format."""

    def body(self, problem: Problem) -> Any:
        return {"code": problem.code, "error": problem.message}


_PLAIN = PlainEnvelope()


def _answer(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    if not request.path.startswith("/api/"):
        return None
    dialect = speaking(request.path)
    return (dialect.envelope if dialect else _PLAIN).response(problem, request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    problem = Problem(400, "invalid_request", "The request cannot be read.")
    return _answer(request, problem) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    problem = Problem(403, "forbidden", "This is not allowed.")
    return _answer(request, problem) or defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    problem = Problem(404, "not_found", "There is nothing at this path.")
    return _answer(request, problem) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    problem = Problem(500, "internal_error", "The request could not be finished.")
    return _answer(request, problem) or defaults.server_error(request)
