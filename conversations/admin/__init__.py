"""Django admin of the desk: a package of one module per subject."""

from conversations.admin import contacts, conversation, rows, saved_views

__all__ = ["contacts", "conversation", "rows", "saved_views"]
