"""Errors that a person sees in a browser, as a page with a way back; what programs and scripts asked for keeps its format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template import loader
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.web import bodies, languages

CUSTOMERS = ("/f/", "/widget", "/notifications/mail/", "/inline/", "/demo/")
"""Beginnings of paths that people without an account open: no way leads from there to the inbox."""
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
PROGRAMS = tuple(path for path in bodies.OWN_WORDS if path != "/f/")


class Words(NamedTuple):
    """What a page of an error says."""

    heading: str | Promise
    why: str | Promise


WORDS: Mapping[int, Words] = {
    400: Words(_("Bad request"), _("Something in it is malformed. Go back, reload the page and try again.")),
    403: Words(_("You don't have access"), _("Your role does not allow this. An owner or admin of the workspace can change your role.")),
    404: Words(_("Page not found"), _("The address may be mistyped, or this page has been removed.")),
    405: Words(_("Nothing to show here"), _("This address takes what a page sends to it, and has no page of its own. Nothing was changed.")),
    408: Words(_("It took too long"), _("The request did not arrive in time. Nothing was changed. Check your connection and send it again.")),
    413: Words(_("Too large"), _("The request is larger than the desk takes. Nothing was saved. Go back, choose smaller files or a shorter text, and send it again.")),
    429: Words(_("Too many requests"), _("Too many requests came from you at once. Wait a minute and try again.")),
    431: Words(_("Too large"), _("The browser sends more along with the address than the desk takes. Delete this site's cookies and try again.")),
    500: Words(_("Something went wrong"), _("The request failed and changed nothing. Try again in a moment.")),
    503: Words(_("Not available right now"), _("The desk is busy. Try again in a moment.")),
}  # fmt: skip
SHARED = frozenset({429, 431, 503})
"""Under load: the page is the same for everybody, and made once for each language."""


def is_shown(request: HttpRequest) -> bool:
    """Whether an error of the request is shown to a person as a page: a browser asked for one, and no script did for it."""
    is_page = "text/html" in request.headers.get("Accept", "") and "HX-Request" not in request.headers
    return is_page and not request.path.startswith(PROGRAMS)


def page(request: HttpRequest, status: int, why: str = "") -> bytes:
    """The error as a page in the language of the request. `why` replaces the usual sentence."""
    is_shared = status in SHARED
    return content(
        status,
        language=languages.of_request(request),
        why=why,
        back="" if is_shared else _came_from(request),
        again=is_shared and request.method in ("GET", "HEAD"),
        is_of_customers=request.path.startswith(CUSTOMERS),
    )


@lru_cache(maxsize=64)
def content(
    status: int, *, language: str, why: str = "", back: str = "", again: bool = False, is_of_customers: bool = False
) -> bytes:
    """The page, which needs neither the database nor a session. `back` is the page that one came from; `again` offers this one."""
    words = WORDS[status]
    with translation.override(language):
        facts = {
            "status": status,
            "title": words.heading,
            "text": gettext(why) if why else words.why,
            "back": back,
            "again": again,
            "is_of_customers": is_of_customers,
        }
        return loader.render_to_string("problem.html", facts).encode()


def _came_from(request: HttpRequest) -> str:
    """The page of the desk that sent the request; empty where there was none."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    path = f"{came_from.path}?{came_from.query}".rstrip("?")
    host = request.META.get("HTTP_HOST") or request.META.get("SERVER_NAME")
    is_ours = came_from.netloc == host and path.startswith("/") and not path.startswith("//")
    return path if is_ours and len(path) < 2000 else ""


class ErrorPageMiddleware:
    """Makes a page of an error in plain text, or without any, where a person sees it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code not in WORDS or not isinstance(response, HttpResponse) or not is_shown(request):
            return response
        is_bare = not response.content or response.get("Content-Type", "").startswith("text/plain")
        if is_bare and "WWW-Authenticate" not in response:
            response.content = page(request, response.status_code)
            response["Content-Type"] = "text/html; charset=utf-8"
            response["Content-Length"] = str(len(response.content))
        return response
