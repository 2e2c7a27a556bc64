"""`/demo/`: a shop's page with the demo's chat, on which everything that a website can do with it can be tried."""

from __future__ import annotations

from datetime import timedelta

import jwt
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import clock, tenancy
from accounts.credentials.identity import ALGORITHM
from conversations.chat import languages
from conversations.demo.chat import CUSTOMER, WIDGET
from conversations.models import Form, FormKind, Widget

WORKSPACE = "demo"
_LIFETIME = timedelta(minutes=10)
_STATIONS = (
    ("Mini", "€ 89", "Temperature, humidity and pressure. For the balcony and the greenhouse.", "#0f766e"),
    ("Pro", "€ 249", "With rain gauge and wind sensor. For the garden and the farm.", "#1d4ed8"),
    ("Marine", "€ 379", "Sealed bearings that do not mind the salt. For boats and harbours.", "#7c3aed"),
)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The shop. Raises Http404 where there is no demo."""
    widget = _widget()
    with tenancy.scope(widget.workspace):
        form = Form.objects.filter(kind=FormKind.CONTACT, is_active=True).order_by("id").first()
        facts = {
            "widget": widget,
            "stations": _STATIONS,
            "languages": languages.names(),
            "customer": CUSTOMER,
            "data": {"jwt": _proof(widget), "form": form.key if form else ""},
        }
        response = render(request, "demo/shop.html", facts)
    # What a website needs in its policy is the desk in script-src and frame-src; here it is the page's own origin.
    response["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; frame-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _widget() -> Widget:
    # The page is public: it names the demo's workspace, which has a widget of this name from its seed alone.
    rows = Widget.all_workspaces.select_related("workspace")
    found = rows.filter(workspace__slug=WORKSPACE, name=WIDGET, is_active=True).order_by("pk").first()
    if found is None:
        raise Http404("there is no demo")
    return found


def _proof(widget: Widget) -> str:
    """What a shop's server signs for the customer who is signed in to it; this one is invented."""
    claims = {
        "sub": CUSTOMER.external_id,
        "email": CUSTOMER.email,
        "name": CUSTOMER.name,
        "aud": widget.key,
        "exp": clock.now() + _LIFETIME,
    }
    return jwt.encode(claims, widget.workspace.identity_secret, algorithm=ALGORITHM)
