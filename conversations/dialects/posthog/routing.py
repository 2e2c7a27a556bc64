"""Paths that are documented once and answer in four spellings."""

from __future__ import annotations

from typing import Any

from django.urls.resolvers import RoutePattern, URLPattern

_PREFIXES = ("api/projects/", "api/environments/")


class LenientRoute(RoutePattern):
    """A documented path, matched also below the other prefix and with a trailing slash.

    One pattern and not four: a reader, and the OpenAPI document, see the canonical path alone.
    """

    def match(self, path: str) -> Any:
        canonical = next(prefix for prefix in _PREFIXES if str(self).startswith(prefix))
        for prefix in _PREFIXES:
            if path.startswith(prefix):
                path = canonical + path.removeprefix(prefix)
        return super().match(path.removesuffix("/"))


def route(path: str, view: Any) -> URLPattern:
    """Like `django.urls.path`, for a path below one of the two prefixes, written without a trailing slash."""
    return URLPattern(LenientRoute(path, is_endpoint=True), view)
