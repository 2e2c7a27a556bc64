"""What a website loads: the script that every website has in common, the look of one widget, and the page in its frame."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache, wraps
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts import clock, tenancy
from conversations.actions.files import MAX_FILES
from conversations.api.problems import RateLimited
from conversations.channels.chat import limits, origins
from conversations.chat import answering, languages, presence, queries
from conversations.models import Form, Widget

P = ParamSpec("P")
LOADER = Path(__file__).resolve().parents[2] / "static" / "chat" / "loader.js"
SCRIPT = "text/javascript; charset=utf-8"
_NOT_NEEDED = re.compile(rb"^[ \t]*//.*\n|^[ \t]+", re.M)
"""Of the script: lines of comments, and indentation."""


class Script(NamedTuple):
    """A script with its name for caches."""

    plain: bytes
    packed: bytes
    tag: str


def counted(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A page whose visitors are counted by their address."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            limits.page(request)
        except RateLimited as refused:
            response = HttpResponse(
                "Too many requests. Try again in a minute.\n", status=429, content_type="text/plain"
            )
            response["Retry-After"] = str(refused.wait)
            return response
        return view(request, *args, **kwargs)

    return wrapped


@require_safe
@counted
def loader(request: HttpRequest) -> HttpResponseBase:
    """`/widget.js`: one script for every website and widget."""
    script = _read() if settings.DEBUG else _loader()
    if request.headers.get("If-None-Match") == script.tag:
        response = HttpResponse(status=304)
    else:
        is_packed = "gzip" in request.headers.get("Accept-Encoding", "")
        response = HttpResponse(script.packed if is_packed else script.plain, content_type=SCRIPT)
        if is_packed:
            response["Content-Encoding"] = "gzip"
    response["ETag"] = script.tag
    patch_vary_headers(response, ["Accept-Encoding"])
    return _of_any_site(response, 300)


@require_safe
@counted
def config_of(request: HttpRequest, key: str) -> HttpResponseBase:
    """The look of a widget."""
    return config(request, find(key))


@require_safe
@counted
def frame_of(request: HttpRequest, key: str) -> HttpResponseBase:
    """The page in the widget's frame."""
    try:
        widget = find(key)
    except Http404:
        return gone(request)
    with tenancy.scope(widget.workspace):
        return frame(request, widget)


def find(key: str) -> Widget:
    """The widget of a key. Raises Http404."""
    widget = queries.find(key)
    if widget is None:
        raise Http404("no such widget")
    return widget


def config(request: HttpRequest, widget: Widget) -> HttpResponse:
    """A script that hands the loader the look and the words of a widget, which need not be as it is stored."""
    language = language_of(request, widget)
    words = languages.words(language)
    detail = {
        "key": widget.key,
        "is_active": widget.is_active,
        "color": widget.color,
        "position": widget.position,
        "launcher_text": widget.launcher_text,
        "dir": languages.direction(language),
        "locale": language,
        "labels": {
            "open": words.get("open", ""),
            "close": words.get("close", ""),
            "unread": words.get("unread", ""),
            "title": widget.public_name,
        },
    }
    text = f'document.currentScript.dispatchEvent(new CustomEvent("parley",{{detail:{_quoted(detail)}}}));'
    return _of_any_site(HttpResponse(text, content_type=SCRIPT), 60)


def frame(request: HttpRequest, widget: Widget) -> HttpResponse:
    """The page in the frame of a widget, which need not be as it is stored, in the scope of its workspace."""
    language = language_of(request, widget)
    name = widget.public_name
    facts = {
        "boot": boot(widget, language, clock.now()),
        "language": language,
        "direction": languages.direction(language),
        "name": name,
    }
    response = render(request, "chat/frame.html", facts)
    response["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
        "font-src 'self'; media-src 'self' data:; frame-src 'self'; form-action 'none'; base-uri 'none'; "
        f"frame-ancestors {origins.ancestors(widget)}"
    )
    response.xframe_options_exempt = True  # an older header, which knows no list of origins
    response["Cache-Control"] = "no-cache, private"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def gone(request: HttpRequest) -> HttpResponse:
    """What the frame of a widget shows that is not there any more; any website may, for it says nothing of anybody."""
    language = language_of(request)
    facts = {
        "language": language,
        "direction": languages.direction(language),
        "text": languages.words(language).get("gone", ""),
    }
    response = render(request, "chat/gone.html", facts, status=404)
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors *"
    response.xframe_options_exempt = True
    response["Cache-Control"] = "no-cache, private"
    return response


def boot(widget: Widget, language: str, at: datetime) -> dict[str, Any]:
    """What the frame knows before it asks for anything."""
    return {
        "key": widget.key,
        "locale": language,
        "dir": languages.direction(language),
        "words": dict(languages.words(language)),
        "widget": {
            "title": widget.title,
            "greeting": widget.greeting,
            "offline_message": widget.offline_message,
            "color": widget.color,
            "asks": widget.standard,
            "accepts_files": widget.accepts_files,
            "max_file_bytes": settings.UPLOAD_LIMIT,
            "max_files": MAX_FILES,
            "assistant_first": answering.is_on(widget, at),
            "origins": widget.allowed_origins,
        },
        "workspace": {"name": widget.workspace.name},
        "online": presence.online(widget, at),
        "forms": [
            {"key": form.key, "title": form.title or form.name, "kind": form.kind}
            for form in Form.objects.filter(is_active=True).order_by("name", "id")
        ],
    }


def language_of(request: HttpRequest, widget: Widget | None = None) -> str:
    """The language in which a visitor reads: the widget's, or the one that the page or their browser asks for."""
    if widget is not None and widget.language:
        return languages.known(widget.language)
    asked = [request.GET.get("locale", "")[:35]]
    asked += [
        part.partition(";")[0].strip()[:35] for part in request.headers.get("Accept-Language", "").split(",")[:10]
    ]
    return next((known for tag in asked if tag and (known := languages.match(tag))), languages.FALLBACK)


def _of_any_site(response: HttpResponse, seconds: int) -> HttpResponse:
    response["Cache-Control"] = f"public, max-age={seconds}"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@cache
def _loader() -> Script:
    return _read()


def _read() -> Script:
    plain = _NOT_NEEDED.sub(b"", LOADER.read_bytes())
    return Script(plain, gzip.compress(plain, mtime=0), f'"{hashlib.sha256(plain).hexdigest()[:24]}"')


def _quoted(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    for char in "<>\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
