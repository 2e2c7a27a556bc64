"""How articles and macros are shown."""

from __future__ import annotations

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from conversations.knowledge import markup
from conversations.knowledge.placeholders import IN_BRACES, PLACEHOLDERS


def document(body: str) -> SafeString:
    """An article, whole, as HTML."""
    return mark_safe(markup.html(body))  # noqa: S308 - sanitised there


def gist(opening: str) -> str:
    """The beginning of an article or macro in one line, without headings and the marks of its structure."""
    return markup.opening(opening)


def with_places(body: str) -> SafeString:
    """A macro's text, line by line, with the places marked that are filled in when it is inserted."""
    parts = IN_BRACES.split(body)  # text, name, text, name, …
    return mark_safe(  # noqa: S308 - every part is escaped
        "".join(
            _place(part) if index % 2 else conditional_escape(part).replace("\n", "<br>")
            for index, part in enumerate(parts)
        )
    )


def _place(name: str) -> str:
    if name not in PLACEHOLDERS:
        return format_html("{{{{{}}}}}", name)
    return format_html('<mark class="place" title="{}">{}</mark>', PLACEHOLDERS[name], name)
