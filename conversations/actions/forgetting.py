"""Removing words from what search has learned of a workspace, where no text holds them any more."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from conversations.models import Conversation
from conversations.texts import tokens

_COMMON = """
    SELECT unnest(most_common_elems::text::text[]) FROM pg_stats
    WHERE schemaname = current_schema() AND tablename = 'conversations_message' AND attname = 'tokens'
"""
"""Words that so many texts hold that it is not worth asking whether any other does."""


def words_of(*texts: str | None) -> list[str]:
    """The words that search has learned of texts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tsvector_to_array(%s::tsvector)", [tokens.vector(*(text or "" for text in texts))])
        return [word for word in cursor.fetchone()[0] if len(word) > 3]


def words_in(conversation: Conversation) -> list[str]:
    """The words that search has learned of a conversation."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT unnest(tsvector_to_array(tokens)) FROM conversations_searchdocument "
            "WHERE workspace_id = %s AND conversation_id = %s",
            [conversation.workspace_id, conversation.pk],
        )
        return [word for (word,) in cursor.fetchall() if len(word) > 3]


def forget(workspace_id: int, words: Sequence[str]) -> None:
    """Remove those of the words that no message, subject, name or address of the workspace holds any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH gone AS MATERIALIZED (SELECT word FROM unnest(%s::text[]) AS word EXCEPT ({_COMMON}))
            DELETE FROM conversations_searchword AS known USING gone
            WHERE known.workspace_id = %s AND known.word = gone.word
            AND NOT EXISTS (SELECT FROM conversations_message AS row
                WHERE row.workspace_id = %s AND row.tokens @@ quote_literal(gone.word)::tsquery)
            AND NOT EXISTS (SELECT FROM conversations_conversation AS row
                WHERE row.workspace_id = %s AND row.tokens @@ quote_literal(gone.word)::tsquery)
            AND NOT EXISTS (SELECT FROM conversations_contact AS row
                WHERE row.workspace_id = %s AND row.tokens @@ quote_literal(gone.word)::tsquery)
            """,  # noqa: S608 (no value is in the text)
            [[*words], *[workspace_id] * 4],
        )
