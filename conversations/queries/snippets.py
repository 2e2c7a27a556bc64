"""What of some conversations a search found: the message, note or file, in two queries for any number of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.db.models.functions import Left

from accounts.compiled import many
from conversations.models import Attachment, Message, MessageKind
from conversations.models.searched import TokensQuery
from conversations.texts import tokens

_LONGEST = 4_000  # characters of a message in which the words are looked for


class Finding(NamedTuple):
    """Where words were found: `message`, `note` or `file`, with the text."""

    where: str
    text: str


def findings(conversations: Sequence[int], words: str) -> dict[int, Finding]:
    """By the ids of conversations, the newest message or note that holds most of the words, or else a file."""
    terms = tokens.query(words)
    if not conversations or not terms:
        return {}
    asked = TokensQuery(tokens.any_of(*terms))
    found = {conversation: Finding("file", name) for conversation, name in _files(conversations, asked)}
    for conversation, kind, body in _messages(conversations, asked, terms):
        found[conversation] = Finding("note" if kind == MessageKind.NOTE else "message", body)
    return found


def _messages(
    conversations: Sequence[int], asked: TokensQuery, terms: Sequence[str]
) -> QuerySet[Message, tuple[int, str, str]]:
    held = sum(
        (Case(When(tokens=TokensQuery(term), then=1), default=0, output_field=IntegerField()) for term in terms[:5]),
        start=Value(0, output_field=IntegerField()),
    )
    rows = Message.objects.filter(conversation__any_of=many(conversations), tokens=asked, body__isnull=False)
    rows = rows.alias(held=held).order_by("conversation", "-held", "-pk").distinct("conversation")
    return rows.values_list("conversation", "kind", Left("body", _LONGEST))


def _files(conversations: Sequence[int], asked: TokensQuery) -> QuerySet[Attachment, tuple[int, str]]:
    rows = Attachment.objects.filter(message__conversation__any_of=many(conversations), tokens=asked)
    rows = rows.order_by("message__conversation", "-pk").distinct("message__conversation")
    return rows.values_list("message__conversation", "name")
