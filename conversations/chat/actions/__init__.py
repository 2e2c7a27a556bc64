"""The verbs of live chat: widgets, visitors' sessions, and what visitors do in their conversations."""

from conversations.chat.actions.widgets import add_keys, create_widget, delete_widget, update_widget

__all__ = ["add_keys", "create_widget", "delete_widget", "update_widget"]
