"""Removing words from what search has learned of a workspace, where no text holds them any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection

from conversations.models import Article, Contact, Conversation, Macro, Message
from conversations.texts import tokens

LOOKED_AT = 500
"""Documents in which words are looked for first: most words are in one of them, and need no search of their own."""
_OF_CONVERSATIONS = """
    SELECT DISTINCT lexeme FROM conversations_searchdocument AS document, unnest(tsvector_to_array(document.tokens)) AS lexeme
    WHERE document.workspace_id = %s AND document.conversation_id = ANY (%s)
"""
_OF_CONTACTS = """
    SELECT DISTINCT lexeme FROM conversations_contact AS contact, unnest(tsvector_to_array(contact.tokens)) AS lexeme
    WHERE contact.workspace_id = %s AND contact.id = ANY (%s)
"""
_KNOWN = """
    SELECT DISTINCT word FROM conversations_searchword WHERE workspace_id = %s AND word = ANY (%s)
    EXCEPT SELECT lexeme FROM (
        SELECT tokens FROM conversations_searchdocument WHERE workspace_id = %s ORDER BY conversation_id DESC LIMIT %s
    ) AS document, unnest(tsvector_to_array(document.tokens)) AS lexeme
"""
_FORGET = """
    DELETE FROM conversations_searchword AS known USING (
        SELECT word, ('''' || replace(replace(word, '\\', '\\\\'), '''', '''''') || '''')::tsquery AS asked
        FROM unnest(%s::text[]) AS word
    ) AS gone
    WHERE known.workspace_id = %s AND known.word = gone.word
"""
_HELD = " AND NOT EXISTS (SELECT FROM {} AS row WHERE row.workspace_id = %s AND row.tokens @@ gone.asked)"
_SEARCHED = (Message, Conversation, Contact, Article, Macro)


def words_of(*texts: str | None) -> set[str]:
    """The words that search has learned of texts."""
    return _asked("SELECT unnest(tsvector_to_array(%s::tsvector))", tokens.vector(*(text or "" for text in texts)))


def words_in(workspace_id: int, conversations: Iterable[int]) -> set[str]:
    """The words that search has learned of conversations, by their ids."""
    return _asked(_OF_CONVERSATIONS, workspace_id, [*conversations])


def words_about(workspace_id: int, contacts: Iterable[int]) -> set[str]:
    """The words of contacts' own names, addresses and ids, by the ids of their rows."""
    return _asked(_OF_CONTACTS, workspace_id, [*contacts])


def forget(workspace_id: int, words: Collection[str]) -> int:
    """Remove those of the words that no text of the workspace holds any more, also none in the Trash. Returns how many."""
    gone = _asked(_KNOWN, workspace_id, [*words], workspace_id, LOOKED_AT) if words else set()
    if not gone:
        return 0
    tables = [connection.ops.quote_name(model._meta.db_table) for model in _SEARCHED]
    with connection.cursor() as cursor:
        cursor.execute(
            _FORGET + "".join(map(_HELD.format, tables)), [sorted(gone), *[workspace_id] * (1 + len(tables))]
        )
        return int(cursor.rowcount)


def _asked(statement: str, *values: Any) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return {row[0] for row in cursor.fetchall()}
