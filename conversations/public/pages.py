"""What the customers' pages share: reading what was sent, whatever it is, and answers with the headers that keep them private."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from django.shortcuts import render as rendered
from django.utils import translation

from accounts.web import bodies
from conversations.api.problems import RateLimited
from conversations.forms import languages, tokens
from conversations.forms.answers import Fault, size
from conversations.public import limits

P = ParamSpec("P")
HONEYPOT = "homepage"
"""The field that no person sees: who fills it in is a program."""
CLOSED_TO_ALL = ("'none'",)


class Sent(NamedTuple):
    """What a browser sent. `fault` is the key of a sentence where it could not be read."""

    data: Mapping[str, str]
    files: Sequence[File[bytes]]
    fault: str = ""


def wants_body(request: HttpRequest) -> bool:
    """Whether the request's body is still on its way, and may come."""
    return bodies.is_pending(request) and bodies.TOO_LARGE not in request.META


def read(request: HttpRequest) -> Sent:
    """Read the body of a request."""
    if bodies.TOO_LARGE in request.META:
        return Sent({}, (), "error_too_large")
    try:
        data, files = request.POST.dict(), request.FILES.getlist("files")
    except (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError):
        return Sent({}, (), "error_unreadable")
    return Sent(data, [one for one in files if isinstance(one, UploadedFile)])


def words(language: str) -> Mapping[str, str]:
    """The language's words."""
    return languages.words(language)


def say(language: str, fault: Fault) -> str:
    """A fault as a sentence."""
    key, facts = fault
    return languages.words(language)[key].format(**{"size": size(), **facts})


def render(
    request: HttpRequest,
    template: str,
    language: str,
    facts: Mapping[str, Any],
    *,
    status: int = 200,
    framed_by: Iterable[str] = CLOSED_TO_ALL,
    is_indexed: bool = False,
) -> HttpResponse:
    """A page in a language. `framed_by` are the origins whose pages may show it in a frame."""
    language = language if language in languages.names() else languages.FALLBACK
    known = {"words": languages.words(language), "language": language, "direction": languages.direction(language)}
    with translation.override(language):
        response = rendered(request, f"forms/{template}", {**known, **facts}, status=status)
    _protect(response, framed_by)
    if not is_indexed:
        response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def redirected(where: str, *, framed_by: Iterable[str] = CLOSED_TO_ALL) -> HttpResponse:
    """On to the page that is shown after a form was sent; a frame goes on in its frame."""
    response = HttpResponse(status=303)
    response["Location"] = where
    _protect(response, framed_by)
    return response


def _protect(response: HttpResponse, framed_by: Iterable[str]) -> None:
    """Allow a page what it needs of the desk, and nothing of anybody else."""
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors {' '.join(framed_by) or CLOSED_TO_ALL[0]}"
    )
    response.xframe_options_exempt = True  # an older header, which knows no list of origins


def private(response: HttpResponseBase) -> HttpResponseBase:
    """Keep a response out of caches, and its address from other sites and out of the log: it may be a customer's link."""
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django logs the path of what it refuses
    response["Cache-Control"] = "no-store, private"
    response["Referrer-Policy"] = "no-referrer"
    return response


def gone(request: HttpRequest, language: str = "") -> HttpResponse:
    """A link that opens nothing any more."""
    return render(request, "gone.html", language, {"days": tokens.FOLLOW_UP.days}, status=404)


def throttled(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A view whose visitors are counted by their address, and whose answers are private."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if bodies.ASKED not in request.META:
            try:
                limits.look(request)
            except RateLimited as refused:
                return private(busy(refused))
        return private(view(request, *args, **kwargs))

    return wrapped  # type: ignore[return-value]  # a decorator of methods passes it on by position


def busy(refused: RateLimited) -> HttpResponse:
    """An answer for an address that asks too often."""
    response = HttpResponse("Too many requests. Try again in a minute.\n", status=429, content_type="text/plain")
    response["Retry-After"] = str(refused.wait)
    return response
