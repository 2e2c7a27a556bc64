"""Django's own errors in the wire format of the path: unknown paths, refused requests and server errors."""

from __future__ import annotations

import sys
from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext
from django.views import csrf, defaults

from accounts.web import error_pages, languages
from conversations.api import cors, outages
from conversations.api.discovery import dialect_of
from conversations.api.error_bodies import ErrorBodies
from conversations.api.headers import Headers
from conversations.api.problems import Problem


class PlainErrorBodies(ErrorBodies):
    """Errors of paths under /api/ that belong to no format."""

    def body(self, problem: Problem) -> Any:
        return {"code": problem.code, "error": problem.message}


PLAIN = PlainErrorBodies()


def in_format(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    """The problem as the wire format of the path prints it; None outside /api/."""
    if not request.path.startswith("/api/"):
        return None
    dialect = dialect_of(request.path)
    response = (dialect.error_bodies if dialect else PLAIN).response(problem, request)
    cors.allow(request, response, dialect.headers if dialect else Headers())
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    if isinstance(exception, DisallowedHost):
        return _wrong_host(request)
    problem = Problem(400, "invalid_request", "The request cannot be read.")
    return in_format(request, problem) or languages.answered(request, lambda: defaults.bad_request(request, exception))


def _wrong_host(request: HttpRequest) -> HttpResponse:
    """400 for a host name that the desk does not know, with what the operator has to set."""
    asked = request.META.get("HTTP_HOST", "")
    message = (
        f"This desk does not answer to the host “{asked[:200]}”. If it is yours: set PUBLIC_URL to the address that people "
        "type, or add the host to ALLOWED_HOSTS, and start it again."
    )
    return in_format(request, Problem(400, "invalid_request", message)) or worded(request, 400, message)


def worded(request: HttpRequest, status: int, message: str) -> HttpResponse:
    """An error outside /api/ that no view has worded: a page for a browser, else a line of text."""
    if not error_pages.is_shown(request):
        return HttpResponse(f"{message}\n", status=status, content_type="text/plain; charset=utf-8")
    why = message if status in (400, 503) else ""
    response = HttpResponse(error_pages.page(request, status, why), status=status)
    response["Content-Security-Policy"] = error_pages.POLICY
    patch_vary_headers(response, ["Accept-Language"])
    return response


def too_many(request: HttpRequest) -> HttpResponse:
    """429, from the limits of signing in."""
    return worded(request, 429, "Too many requests. Try again in a minute.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    problem = Problem(403, "forbidden", "This is not allowed.")
    return in_format(request, problem) or languages.answered(
        request, lambda: defaults.permission_denied(request, exception)
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    problem = Problem(404, "not_found", "There is nothing at this path.")
    return in_format(request, problem) or languages.answered(
        request, lambda: defaults.page_not_found(request, exception)
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 where the database or the disk is what failed, wherever in the request that was."""
    if (outage := outages.of(sys.exc_info()[1])) is not None:
        return in_format(request, outage) or languages.answered(request, lambda: _outage_page(outage))
    problem = Problem(500, "internal_error", "The request could not be finished.")
    return in_format(request, problem) or languages.answered(request, lambda: defaults.server_error(request))


def _outage_page(outage: Problem) -> HttpResponse:
    """An error page that needs neither the database nor the disk."""
    page = loader.render_to_string("503.html", {"why": gettext(outage.message)})
    return HttpResponse(page, status=outage.status, headers=dict(outage.headers))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form from an earlier login; a header lets the inbox's pages explain it."""
    response = languages.answered(request, lambda: csrf.csrf_failure(request, reason))
    response["Desk-Problem"] = "outdated"
    return response
