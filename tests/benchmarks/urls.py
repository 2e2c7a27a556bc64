"""The desk's own pages, and bare views to compare them with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.urls import path

from accounts.models import Workspace
from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as desk

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def bare(request: HttpRequest) -> JsonResponse:
    """What Django costs when a view does nothing: every middleware, no query."""
    return JsonResponse({"ok": True})


async def bare_stream(request: HttpRequest) -> StreamingHttpResponse:
    """What an async stream of Django costs that says one thing and then waits."""
    return StreamingHttpResponse(_events(), content_type="text/event-stream")


async def bare_stream_with_a_query(request: HttpRequest) -> StreamingHttpResponse:
    """The same, when the view has asked the database something."""
    await Workspace.objects.afirst()
    return StreamingHttpResponse(_events(), content_type="text/event-stream")


async def _events() -> AsyncIterator[bytes]:
    yield b"event: ready\ndata: {}\n\n"
    await asyncio.Event().wait()


urlpatterns = [
    path("bare", bare),
    path("bare-stream", bare_stream),
    path("bare-stream-with-a-query", bare_stream_with_a_query),
    *desk,
]
