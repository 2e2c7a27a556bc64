"""What search reads beside the tokens of each row: the words of a conversation in one place, and all words of a workspace.

PostgreSQL keeps both (see the migration `search_documents`), so that they follow every writer: a verb, a bulk insert, a process
of the version before.
"""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F

from accounts.tenancy import TenantModel
from conversations.models.conversation import Conversation


class SearchDocument(TenantModel):
    """The tokens of a conversation: of its subject, its contact, and its messages and notes, without their places.

    It answers whether a conversation holds a word by reading one row. A long conversation has several: `is_open` is the one
    that grows, so that a reply writes no more than it holds. No index reads the tokens, which makes a change cheap.
    """

    seen_by = "conversation"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="documents", db_index=False)
    is_open = models.BooleanField(default=True, editable=False)
    tokens = SearchVectorField(editable=False)

    class Meta(TenantModel.Meta):
        # The documents of one conversation.
        indexes = [models.Index(fields=["workspace", "conversation"], name="document_by_conversation")]

    def __str__(self) -> str:
        return f"Words of conversation {self.conversation_id}"


class SearchWord(TenantModel):
    """A word that some text of the workspace holds, or held: for those that ask for the middle or the end of one."""

    word = models.TextField(editable=False)

    class Meta(TenantModel.Meta):
        indexes = [
            # Whether a word is known.
            models.Index(fields=["workspace", "word"], name="search_word_known"),
            # Words with a text in them.
            GinIndex(F("workspace"), OpClass(F("word"), name="gin_trgm_ops"), name="search_word_parts"),
        ]

    def __str__(self) -> str:
        return self.word
