"""Messages of a chat as parts of a mail: who wrote what, in the language of the customer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from conversations.channels.email import files
from conversations.chat import languages
from conversations.models import Attachment, ChatSession, Conversation, Message
from conversations.texts import names, prose, rich

WORDS = Path(__file__).parent / "chat_words.json"
FALLBACK = "en"


class Words(NamedTuple):
    """What such a mail says besides the messages, and in which direction it is read."""

    of: Mapping[str, str]
    direction: str


@cache
def all_words() -> Mapping[str, Mapping[str, str]]:
    """The words of each language."""
    found: dict[str, dict[str, str]] = json.loads(WORDS.read_text(encoding="utf-8"))
    return found


def words(conversation: Conversation) -> Words:
    """The words in the language of the customer's chat."""
    sessions = ChatSession.objects.filter(contact=conversation.contact_id).order_by("-last_seen_at", "-id")
    language = sessions.values_list("language", flat=True).first() or FALLBACK
    code = language if language in all_words() else FALLBACK
    return Words(all_words()[code], languages.direction(code))


def text(messages: Sequence[Any], heads: Sequence[str], linked: Sequence[Attachment]) -> str:
    """The messages, each below its head; a file that is not attached is a link."""
    return "\n\n".join(_text(message, head, linked) for message, head in zip(messages, heads, strict=True))


def html(messages: Sequence[Any], heads: Sequence[str], linked: Sequence[Attachment]) -> SafeString:
    """The same as HTML, escaped."""
    parts = (_html(message, head, linked) for message, head in zip(messages, heads, strict=True))
    return mark_safe("".join(parts))  # noqa: S308 - escaped part by part


def writers(messages: Sequence[Message], you: str, zone: Any = None) -> list[str]:
    """Above each message, who wrote it, and with a time zone when; nothing above a single one without."""
    if zone is None and len(messages) < 2:
        return [""] * len(messages)
    return [_head(message, you, zone) for message in messages]


def _head(message: Message, you: str, zone: Any) -> str:
    who = you if message.is_from_customer else names.first_name(message.sender_name) or message.sender_name
    return f"{who}, {message.created_at.astimezone(zone):%Y-%m-%d %H:%M %Z}" if zone is not None else who


def _text(message: Any, head: str, linked: Sequence[Attachment]) -> str:
    lines = [f"{head}:"] if head else []
    lines += [message.body] if message.body else []
    lines += [_file(one, linked) for one in message.files]
    return "\n".join(lines)


def _file(one: Attachment, linked: Sequence[Attachment]) -> str:
    name = names.of_file(one.name)
    return f"{name}: {files.link(one)}" if one in linked else f"[{name}]"


def _html(message: Any, head: str, linked: Sequence[Attachment]) -> SafeString:
    parts = [format_html('<p style="color:#555;margin:16px 0 0"><b dir="auto">{}</b></p>', head)] if head else []
    if message.body:
        parts.append(prose.html(message.body) if message.is_from_customer else rich.html(message.body))
    for one in message.files:
        name = names.of_file(one.name)
        parts.append(
            format_html('<p><a href="{}">{}</a></p>', files.link(one), name)
            if one in linked
            else format_html("<p>[{}]</p>", name)
        )
    return mark_safe("".join(parts))  # noqa: S308 - escaped part by part
