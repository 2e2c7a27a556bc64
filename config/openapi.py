"""The OpenAPI pages: public, offline, and under the desk's strict Content-Security-Policy."""

from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.renderers import BaseRenderer, TemplateHTMLRenderer

from accounts.csp import csp_override


class SchemaView(SpectacularAPIView):
    """The document, as JSON unless YAML is asked for; no credentials needed."""

    renderer_classes: list[type[BaseRenderer]] = [OpenApiJsonRenderer, OpenApiYamlRenderer]


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
