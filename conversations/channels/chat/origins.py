"""Which websites may show a widget, and from where its API may be called."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from conversations.models import Widget


def ancestors(widget: Widget) -> str:
    """The sources of `frame-ancestors`: the websites that may show the frame, and the desk itself; any where none is named."""
    return " ".join(["'self'", *widget.allowed_origins]) if widget.allowed_origins else "*"


def may_call(request: HttpRequest, widget: Widget) -> bool:
    """Whether the API may be called from where the request comes from. Browsers name it with everything but plain reads."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.method in ("GET", "HEAD")
    return origin in own(request) or (bool(widget.allowed_origins) and origin in widget.allowed_origins)


def own(request: HttpRequest) -> set[str]:
    """The desk's own origins: as the request reached it, and as people type it."""
    public = urlsplit(settings.PUBLIC_URL)
    return {f"{request.scheme}://{request.get_host()}", f"{public.scheme}://{public.netloc}"}
