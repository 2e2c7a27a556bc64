"""Forms that a page's script sends for the browser (conversations/static/screens/forms.js), which keeps what was typed when they fail."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponseRedirectBase

HEADER = "Desk-Form"
"""A random id of the form as it was filled in: sent again, it has the same."""
AGAIN = "Desk-Form-Again"
"""Says that an answer to the same form may have been lost."""
LOCATION = "Desk-Location"
"""Where the page goes now. A script cannot read the address of a redirect, and following it would show the next page's messages to nobody."""
KEPT_FOR = 3600
"""Seconds for which it is known that a form was done."""


class FormMiddleware:
    """Answers a form with the address that comes next instead of a redirect, and does one that is sent again only once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        sent = request.headers.get(HEADER, "")
        if request.method != "POST" or not re.fullmatch(r"[0-9a-f]{32}", sent):
            return self.get_response(request)
        key = f"form:{request.session.session_key}:{sent}"
        if AGAIN in request.headers and (done := cache.get(key)):
            return _next(HttpResponse(), done)
        response = self.get_response(request)
        if not isinstance(response, HttpResponseRedirectBase):
            return response
        if request.session.session_key and request.user.is_authenticated:
            cache.set(key, response.url, KEPT_FOR)
        return _next(response, response.url)


def _next(response: HttpResponse, to: str) -> HttpResponse:
    response.status_code, response.content = 204, b""
    del response["Location"], response["Content-Type"]
    response[LOCATION] = to
    return response
