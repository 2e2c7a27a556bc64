"""The OpenAPI pages: public, offline, and under the desk's strict Content-Security-Policy."""

from __future__ import annotations

from functools import cache
from typing import Literal

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_header_parameters
from django.views import View
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.renderers import BaseRenderer, TemplateHTMLRenderer

from accounts.web.csp import csp_override
from config.document import Generator
from conversations.api import discovery
from conversations.api.fallbacks import PLAIN
from conversations.api.problems import Problem

Form = Literal["json", "yaml"]
_FORMS: dict[str, Form] = {
    "application/json": "json",
    "application/yaml": "yaml",
    "application/vnd.oai.openapi+json": "json",
    "application/vnd.oai.openapi": "yaml",
    "application/x-yaml": "yaml",
    "text/yaml": "yaml",
}


@cache
def _document(dialect: str | None, form: Form) -> bytes:
    """The whole document, or one format's. It takes seconds to make, and is the same until the process ends."""
    patterns = next((list(one.urlpatterns) for one in discovery.all_dialects() if one.name == dialect), None)
    made = Generator(patterns=patterns).get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    renderer = OpenApiJsonRenderer() if form == "json" else OpenApiYamlRenderer()
    rendered: bytes = renderer.render(made, renderer_context={})
    return rendered


class SchemaView(View):
    """The document, as JSON unless YAML is asked for by `?format=` or `Accept`; no credentials needed."""

    dialect: str | None = None

    def get(self, request: HttpRequest) -> HttpResponse:
        kind = self.kind(request)
        if kind is None:
            words = "The document is application/json or application/yaml."
            return PLAIN.response(Problem(406, "not_acceptable", words, headers={"Vary": "Accept"}), request)
        # Public, so that an editor on another site may read it.
        headers = {"Vary": "Accept", "Access-Control-Allow-Origin": "*"}
        return HttpResponse(_document(self.dialect, _FORMS[kind]), content_type=kind, headers=headers)

    def kind(self, request: HttpRequest) -> str | None:
        """The media type that is asked for; None where the document does not exist in it."""
        if form := request.GET.get("format"):
            return f"application/{form}" if form in _FORMS.values() else None
        return _preferred(request.headers.get("Accept", ""), list(_FORMS))


def _preferred(accept: str, offered: list[str]) -> str | None:
    """Which of the media types on offer an Accept header likes best, the more exactly named and the earlier one in doubt.

    Django's own `get_preferred_type` knows neither upper case nor parameters, and not that q=0 is a no.
    """
    wanted: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, options = parse_header_parameters(part)
        try:
            wanted[name] = float(options.get("q", 1))
        except ValueError:
            wanted[name] = 1
    if not any(wanted):
        return offered[0]

    def liking(kind: str) -> tuple[float, int]:
        ranges = (kind, f"{kind.partition('/')[0]}/*", "*/*")
        return next(((wanted[name], -n) for n, name in enumerate(ranges) if name in wanted), (0, 0))

    best = max(offered, key=liking)
    return best if liking(best)[0] > 0 else None


class SwaggerView(SpectacularSwaggerSplitView):
    """Swagger UI; its script is served as a file of its own."""

    renderer_classes: list[type[BaseRenderer]] = [TemplateHTMLRenderer]


class ReferenceView(SpectacularRedocView):
    """ReDoc, which puts up empty style elements for its script to fill, and one of its own: both named by their hashes."""

    renderer_classes: list[type[BaseRenderer]] = [TemplateHTMLRenderer]


reference_page = csp_override(
    {
        "worker-src": ["'self'", "blob:"],
        "style-src": [
            "'self'",
            "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
            "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
        ],
    }
)(ReferenceView.as_view(url_name="schema"))
