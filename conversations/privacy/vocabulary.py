"""Words that search knows of erased texts: those that nobody else has written are forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection

from conversations.models import Article, Contact, Conversation, Macro, Message, SearchWord
from conversations.models.searched import TokensQuery

LOOKED_AT = 500
"""Documents in which a word is looked for first: most words are in one of them, and need no search of their own."""
_OF_CONVERSATIONS = """
    SELECT DISTINCT lexeme FROM conversations_searchdocument AS document, unnest(tsvector_to_array(document.tokens)) AS lexeme
    WHERE document.workspace_id = %s AND document.conversation_id = ANY (%s)
"""
_OF_CONTACTS = """
    SELECT DISTINCT lexeme FROM conversations_contact AS contact, unnest(tsvector_to_array(contact.tokens)) AS lexeme
    WHERE contact.workspace_id = %s AND contact.id = ANY (%s)
"""
_OF_THE_LATEST = """
    SELECT DISTINCT lexeme FROM (
        SELECT tokens FROM conversations_searchdocument WHERE workspace_id = %s ORDER BY conversation_id DESC LIMIT %s
    ) AS document, unnest(tsvector_to_array(document.tokens)) AS lexeme WHERE lexeme = ANY (%s)
"""


def of_conversations(workspace_id: int, ids: Iterable[int]) -> set[str]:
    """The words that search knows of some conversations."""
    return _asked(_OF_CONVERSATIONS, workspace_id, [*ids])


def of_contacts(workspace_id: int, ids: Iterable[int]) -> set[str]:
    """The words of contacts' own names, addresses and ids."""
    return _asked(_OF_CONTACTS, workspace_id, [*ids])


def forget(workspace_id: int, words: set[str]) -> int:
    """Forget those of the words that no text of the workspace holds any more. Says how many."""
    known = SearchWord.objects.filter(word__in=sorted(words)).order_by("word")
    unsure = {*known.values_list("word", flat=True)}
    if unsure:
        unsure -= _asked(_OF_THE_LATEST, workspace_id, LOOKED_AT, sorted(unsure))
    gone = sorted(word for word in unsure if not _is_held(word))
    return SearchWord.objects.filter(word__in=gone).delete()[0]


def _is_held(word: str) -> bool:
    asked = TokensQuery("'{}'".format(word.replace("\\", "\\\\").replace("'", "''")))
    searched = (Message, Contact, Conversation, Article, Macro)
    return any(model.objects.filter(tokens=asked).exists() for model in searched)


def _asked(statement: str, *values: Any) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return {row[0] for row in cursor.fetchall()}
