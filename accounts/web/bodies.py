"""Whether a request is let in before its body is read.

A body that has not arrived whole is read only for a request that wants it. The web front (config/server/front.py) first
runs Django with the body still on its way. An answer that does not depend on it is sent: an unknown path, a wrong
method, a credential that does not open the door. Everything else answers `BodyWanted`, and is asked again when the
body is there. Under plain WSGI bodies are whole, and nothing here happens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

# Keys of the request's environment (`request.META`).
PENDING = "parley.body_pending"  # the body is still on its way
ASKED = "parley.body_asked"  # Django was asked before: this call is counted already
TOO_LARGE = "parley.body_too_large"  # the body is over its limit, and was thrown away
GRANT = "parley.grant"  # the key's grant, so that the second call needs no query
# Beginnings of the paths that say in their own words that a body is too large.
OWN_WORDS = ("/api/", "/f/", "/widget/", "/mail/ingress/", "/e/", "/i/v", "/s/", "/batch/", "/flags")
KNOWN = "parley.known"  # the caller has shown a session or a secret key

V = TypeVar("V", bound=Callable[..., Any])


class BodyWanted(HttpResponse):
    """The request is let in so far. With `files`, its body may be as large as an upload; with `largest`, as large as that,
    in bytes, whatever it is."""

    def __init__(self, *, files: bool = False, largest: int | None = None) -> None:
        super().__init__()
        self.files = files
        self.largest = largest


class Pending(Exception):
    """Raised by a view that asks for its body by itself, when all that comes before is done."""


def is_pending(request: HttpRequest) -> bool:
    return PENDING in request.META


def takes_files(view: V) -> V:
    """Mark a view whose forms carry files: for a person who is signed in, their bodies may be as large as an upload."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


class BodyMiddleware:
    """The last middleware: asks for the body where a view does not do so by itself, and notes who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_pending(request):
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # no view runs; the token may be in the form
        response = self.get_response(request)
        person = getattr(request, "_cached_user", None)  # only if the session was read already
        if person is not None and person.is_authenticated:
            request.META[KNOWN] = True
        return response

    def process_view(self, request: HttpRequest, view: Any, args: object, kwargs: object) -> HttpResponseBase | None:
        if not is_pending(request):
            return None
        kind = getattr(view, "view_class", None) or getattr(view, "cls", None)
        if getattr(kind, "asks_for_body", False):
            return None
        if kind is not None and not hasattr(kind, (request.method or "").lower()):
            return None  # It refuses the method.
        return BodyWanted(files=getattr(view, "takes_files", False) and request.user.is_authenticated)
