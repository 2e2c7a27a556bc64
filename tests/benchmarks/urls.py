"""The desk's own pages, and a bare view to compare them with."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.urls import path

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as desk

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def bare(request: HttpRequest) -> JsonResponse:
    """What Django costs when a view does nothing: every middleware, no query."""
    return JsonResponse({"ok": True})


urlpatterns = [path("bare", bare), *desk]
