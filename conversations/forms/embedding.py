"""What is copied into a page of another site, so that it shows a form."""

from __future__ import annotations

from django.utils.html import escape

from accounts.credentials import links
from conversations.forms import languages
from conversations.models import Form


def title(form: Form) -> str:
    """What a form is called on its page."""
    return form.title or languages.words(form.language)[f"{form.kind}_title"]


def snippets(form: Form) -> dict[str, str]:
    """The script, whose frame is as high as the form; or a plain frame, for pages without scripts."""
    address = links.public(form.path)
    return {
        "script": f'<script src="{address}/embed.js" async></script>',
        "frame": (
            f'<iframe src="{address}?embed=1" title="{escape(title(form))}" width="100%" height="640" style="border:0">'
            "</iframe>"
        ),
    }
