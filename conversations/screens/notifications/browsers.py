"""Web Push in this browser: switched on by a click, and off again; and the script that shows what comes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import pushing
from accounts.errors import Invalid
from accounts.permissions import permit
from conversations.screens.shell import DeskRequest, screen

_WORKER = Path(__file__).resolve().parents[2] / "static" / "notifications" / "worker.js"


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def browser(request: DeskRequest) -> HttpResponse:
    """The key that browsers subscribe to; a POST keeps what a browser has answered."""
    permit(request.actor, "conversation.read")
    if request.method != "POST":
        return JsonResponse({"key": pushing.public_key()})
    try:
        pushing.subscribe(
            request.user,
            endpoint=request.POST.get("endpoint", ""),
            p256dh=request.POST.get("p256dh", ""),
            auth=request.POST.get("auth", ""),
            session_key=request.session.session_key or "",
            browser=request.headers.get("User-Agent", ""),
        )
    except Invalid as error:
        return HttpResponse(error.message, status=422, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204)


@require_POST
@screen
def remove(request: DeskRequest) -> HttpResponse:
    """Push nothing to this browser any more."""
    permit(request.actor, "conversation.read")
    pushing.unsubscribe(request.user, request.POST.get("endpoint", ""))
    return HttpResponse(status=204)


@require_safe
@never_cache
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, at the root of the site: it may only show pages below its own path."""
    return HttpResponse(_script(), content_type="text/javascript; charset=utf-8")


@cache
def _script() -> bytes:
    return _WORKER.read_bytes()
