"""Pages of the web process that these tests start: one that answers, one that streams, one that is slow."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from accounts.live.responses import LiveContext, LiveResponse, sse
from config.health import healthz, readyz


def plain(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"path": request.path, "length": len(request.body)})


def stream(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:  # A view that has used the database must not keep it.
        cursor.execute("SELECT 1")
    workspace_id = int(request.GET.get("workspace", "1"))

    async def follow(context: LiveContext) -> AsyncIterator[bytes]:
        async for event in context.events(workspace_id):
            yield sse(str(event.subject_id), event=event.type, id=event.id)

    return LiveResponse(follow, access=None)


def slow(request: HttpRequest) -> HttpResponse:
    time.sleep(float(request.GET["seconds"]))
    return HttpResponse("done")


def address(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"forwarded": request.headers.get("X-Forwarded-For"), "is_secure": request.is_secure()})


@csrf_exempt
def large(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"length": len(request.body)})


urlpatterns = [
    path("address", address),
    path("large", large),
    path("plain", plain),
    path("stream", stream),
    path("slow", slow),
    path("healthz", healthz),
    path("readyz", readyz),
]
