"""How articles and macros are shown: plain text with a little structure, everything escaped."""

from __future__ import annotations

import re
from itertools import groupby

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from conversations.knowledge.placeholders import IN_BRACES, PLACEHOLDERS
from conversations.templatetags.desk import inline, paragraphs, rendered

register = template.Library()

_HEADING = re.compile(r"^(#{1,3}) +(\S.*)$")
_BULLET = re.compile(r"^ *[-*•] +(\S.*)$")
_NUMBER = re.compile(r"^ *(\d{1,3})[.)] +(\S.*)$")
_MARKS = re.compile(r"^(?:#{1,3} .*$| *[-*•] +|```.*$)|`", re.MULTILINE)


@register.filter
def document(body: str) -> SafeString:
    """An article, whole: paragraphs, links and code as in a message, and `## headings`, `- lists` and `1. lists`."""
    return rendered(body, _flow)


@register.filter
def gist(opening: str) -> str:
    """The beginning of an article in one line, without headings and the marks of its structure."""
    return " ".join(_MARKS.sub("", opening).split())


@register.filter
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


def _kind(line: str) -> str:
    if _HEADING.match(line):
        return "heading"
    return "bullet" if _BULLET.match(line) else "number" if _NUMBER.match(line) else "text"


def _flow(lines: list[str]) -> list[str]:
    html: list[str] = []
    for kind, group in groupby(lines, key=_kind):
        if kind == "heading":
            html += [_heading(line) for line in group]
        elif kind == "bullet":
            html.append(format_html('<ul dir="auto">{}</ul>', _items([_BULLET.sub(r"\1", line) for line in group])))
        elif kind == "number":
            numbered = list(group)
            first = _NUMBER.sub(r"\1", numbered[0])
            items = _items([_NUMBER.sub(r"\2", line) for line in numbered])
            html.append(format_html('<ol dir="auto" start="{}">{}</ol>', int(first), items))
        else:
            html += paragraphs(list(group))
    return html


def _heading(line: str) -> str:
    marks, words = _HEADING.sub(r"\1", line), _HEADING.sub(r"\2", line)
    level = 3 if len(marks) == 3 else 2
    return format_html('<h{} dir="auto">{}</h{}>', level, mark_safe(inline(words)), level)  # noqa: S308 - escaped there


def _items(texts: list[str]) -> SafeString:
    return format_html_join("", "<li>{}</li>", ((mark_safe(inline(text)),) for text in texts))  # noqa: S308 - as above
