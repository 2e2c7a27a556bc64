"""The page behind the link in a mail about notifications: it stops these mails, without signing in."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from conversations.notifications import stopping


# The token says whose mails they are; mail programs post without a cookie (RFC 8058).
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """A button that stops the mails; a POST has pressed it."""
    person = stopping.person(token)
    if person is None:
        raise Http404("no such page")
    if request.method == "POST":
        stopping.stop(person)
    with translation.override(person.language_or_default):
        return render(request, "notifications/stop.html", {"is_done": request.method == "POST"})
