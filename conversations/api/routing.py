"""Paths that are documented once and answer in several spellings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls.resolvers import RoutePattern, URLPattern


class LenientRoute(RoutePattern):
    """A documented path below one of the prefixes, matched below the others and with a trailing slash too.

    One pattern and not several: a reader, and the OpenAPI document, see the documented path alone.
    """

    def __init__(self, route: str, prefixes: Sequence[str]) -> None:
        super().__init__(route, is_endpoint=True)
        self._prefixes = prefixes
        self._documented = next(prefix for prefix in prefixes if route.startswith(prefix))

    def match(self, path: str) -> Any:
        for prefix in self._prefixes:
            if path.startswith(prefix):
                return super().match((self._documented + path.removeprefix(prefix)).removesuffix("/"))
        return None


def route(path: str, view: Any, prefixes: Sequence[str]) -> URLPattern:
    """Like `django.urls.path`, for a path below one of the prefixes, written without a trailing slash."""
    return URLPattern(LenientRoute(path, prefixes), view)
