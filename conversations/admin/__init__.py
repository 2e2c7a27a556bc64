"""Django admin of the desk: a package of one module per subject."""

from conversations.admin import assistant, contacts, conversation, knowledge, rows, saved_views

__all__ = ["assistant", "contacts", "conversation", "knowledge", "rows", "saved_views"]
