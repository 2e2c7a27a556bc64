"""The OpenAPI pages: public, offline, and under the desk's strict Content-Security-Policy."""

from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.renderers import TemplateHTMLRenderer


class SchemaView(SpectacularAPIView):
    """The document, as JSON unless YAML is asked for; no credentials needed."""

    renderer_classes = (OpenApiJsonRenderer, OpenApiYamlRenderer)


class SwaggerView(SpectacularSwaggerSplitView):
    """Swagger UI; its script is served as a file of its own."""

    renderer_classes = (TemplateHTMLRenderer,)


class ReferenceView(SpectacularRedocView):
    """ReDoc."""

    renderer_classes = (TemplateHTMLRenderer,)
