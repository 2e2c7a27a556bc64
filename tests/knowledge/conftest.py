"""The people of acme's knowledge base in their browsers, as the inbox's tests have them."""

from tests.inbox.conftest import agent, conversation, stranger, viewer

__all__ = ["agent", "conversation", "stranger", "viewer"]
