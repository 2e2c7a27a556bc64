"""The language of pages outside the workspaces: of who is signed in, and before that of the browser.

For signing in, setting up, invitations and error pages alone. Wire formats, their errors and the administration are English,
whatever a browser asks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from accounts.models import User

R = TypeVar("R", bound=HttpResponseBase)

_PATH = re.compile(r"^/(?:accounts/|setup$)")


def of_request(request: HttpRequest) -> str:
    """The language that the signed-in person has chosen, else the desk's; for who is not signed in the browser's.

    Nobody is looked up for it: it works where the database does not.
    """
    user = request.__dict__.get("_cached_user")
    if isinstance(user, User):
        return user.language_or_default
    return translation.get_language_from_request(request)


def answered(request: HttpRequest, respond: Callable[[], R]) -> R:
    """What the function responds, in the language of the request."""
    with translation.override(of_request(request)):
        response = respond()
    if isinstance(response, HttpResponse):
        patch_vary_headers(response, ["Accept-Language"])
    return response


class LanguageMiddleware:
    """Gives the pages of accounts, of invitations and of setting up the language of who reads them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _PATH.match(request.path_info) is None:
            return self.get_response(request)
        request.user.is_authenticated  # noqa: B018 - looks the person up, as the pages do
        return answered(request, lambda: self.get_response(request))
