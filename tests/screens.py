"""The context of a page for tests: Django's own engine hands it on by itself, Jinja2 does not."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.backends import jinja2
from django.test import signals


def show_contexts() -> None:
    """Give `response.context` of Django's test client what the screens' templates were rendered with."""
    render = jinja2.Template.render

    def rendered(
        template: jinja2.Template, context: dict[str, Any] | None = None, request: HttpRequest | None = None
    ) -> str:
        signals.template_rendered.send(sender=template, template=template, context=context or {})
        return render(template, context, request)

    jinja2.Template.render = rendered  # type: ignore[method-assign]
