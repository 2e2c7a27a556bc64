"""Notes as the thread shows them: the conversations that they name by `#` are links, and whom they mention stands out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts import tenancy
from conversations.models import Conversation, Mention, Message, MessageKind
from conversations.screens import formatting
from conversations.texts import mentions
from conversations.texts.names import first_name

_TAG = re.compile(r"(<[^>]*>)")
_KEPT = re.compile(r"<(/?)(?:a|code|pre)\b")


def of_notes(messages: Iterable[Message]) -> dict[int, SafeString]:
    """The texts of those notes that name anything, as HTML, by the ids of the notes. Two queries at most."""
    notes = [one for one in messages if one.kind == MessageKind.NOTE and one.body]
    numbers = {number for one in notes for number in mentions.numbers(one.body or "")}
    subjects: dict[int, str] = {}
    if numbers:
        subjects = dict(Conversation.objects.filter(number__in=numbers).values_list("number", "subject"))
    people: dict[int, list[str]] = {}
    if naming := [one.pk for one in notes if mentions.may_mention(one.body or "")]:
        rows = Mention.objects.filter(message__in=naming).order_by("pk")
        for pk, name in rows.values_list("message_id", "user__name"):
            people.setdefault(pk, []).append(name)
    return {
        one.pk: html(formatting.rich(one.body), subjects, people.get(one.pk, []))
        for one in notes
        if one.pk in people or any(number in subjects for number in mentions.numbers(one.body or ""))
    }


def html(text: str, subjects: Mapping[int, str], names: Collection[str]) -> SafeString:
    """HTML with links to the conversations of these numbers, and with these people's names marked, outside links and code."""
    spelled = sorted({one for name in names for one in (name, first_name(name)) if one}, key=len, reverse=True)
    name = re.compile(f"(@(?:{'|'.join(re.escape(escape(one)) for one in spelled)}))(?!\\w)", re.IGNORECASE)
    parts, depth = [], 0
    for part in _TAG.split(text):
        if part.startswith("<"):
            if (kept := _KEPT.match(part)) is not None:
                depth += -1 if kept[1] else 1
        elif depth == 0 and part:
            # Names first: the subject of a conversation, in its link, may name somebody too.
            part = name.sub(r'<b class="mention">\1</b>', part) if spelled else part
            part = _linked(part, subjects)
        parts.append(part)
    return mark_safe("".join(parts))  # noqa: S308 (`rich` has escaped it)


def _linked(text: str, subjects: Mapping[int, str]) -> str:
    pieces = mentions.pieces_with_numbers(text)
    for at in range(1, len(pieces), 2):
        number = int(pieces[at])
        pieces[at] = f"#{number}"
        if number in subjects:
            path = formatting.url("conversation", tenancy.current().slug, number)
            subject = formatting.truncatechars(subjects[number], 160)
            pieces[at] = format_html('<a href="{}" title="{}">#{}</a>', path, subject, number)
    return "".join(pieces)
