"""What is copied into a website so that it shows a widget: for each of its keys, in the way that its client expects."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from conversations.models import Widget


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code to copy, and what it is for."""

    title: str
    about: str
    code: str


def snippets(widget: Widget) -> list[Snippet]:
    """One for each key of a widget."""
    desk = settings.PUBLIC_URL
    found = [
        Snippet(
            _("Your website"),
            _("Before the end of the body, on every page that shows the chat."),
            f'<script async src="{desk}/widget.js" data-key="{widget.key}"></script>',
        )
    ]
    if widget.woes_key:
        found.append(
            Snippet(
                _("A page made for Woes"),
                _("In place of Woes' script. window.Woes(…) works as before."),
                f'<script async src="{desk}/widget.js"\n  data-public-key="{widget.woes_key}" '
                f'data-api="{desk}/api/widget/messages"></script>',
            )
        )
    if widget.posthog_token:
        found.append(
            Snippet(
                "posthog-js",
                _(
                    "Where your page starts posthog-js. Nothing but the chat is on, and what else it captures is dropped."
                ),
                "import posthog from 'posthog-js'\nimport 'posthog-js/dist/conversations'\n\n"
                f"posthog.init('{widget.posthog_token}', {{ api_host: '{desk}' }})",
            )
        )
    return found
