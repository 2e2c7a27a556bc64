"""The icon that browsers ask for by habit, on pages that name none (Django admin, the API's pages)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static


def favicon(request: HttpRequest) -> HttpResponse:
    """Leads to the desk's mark."""
    return redirect(static("screens/mark.svg"))
