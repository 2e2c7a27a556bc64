"""Content-Security-Policy, with the setting and decorator names of Django 6 so that its own middleware can take over.

django-csp did the same, but saw no release since the feature went into Django itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

Policy = Mapping[str, Sequence[str]]
View = TypeVar("View", bound=Callable[..., Any])
HEADER = "Content-Security-Policy"


def build(policy: Policy) -> str:
    """The header's value for a policy of directives and sources."""
    return "; ".join(" ".join([directive, *sources]) for directive, sources in policy.items())


class ContentSecurityPolicyMiddleware:
    """Sets the header of settings.SECURE_CSP on every answer whose view did not override it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.default = build(settings.SECURE_CSP)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        policy: Policy | None = getattr(response, "_csp_config", None)
        if HEADER not in response:
            response[HEADER] = self.default if policy is None else build(policy)
        return response


def csp_override(policy: Policy) -> Callable[[View], View]:
    """Give one view its own policy, laid over the default directive by directive."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(*args: Any, **kwargs: Any) -> HttpResponse:
            response = view(*args, **kwargs)
            response._csp_config = {**settings.SECURE_CSP, **policy}
            return cast(HttpResponse, response)

        return cast(View, wrapped)

    return decorate
