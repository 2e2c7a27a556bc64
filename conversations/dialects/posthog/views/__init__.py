"""The calls on tickets, their messages, and saved views."""

from conversations.dialects.posthog.views.bulk import Bulk
from conversations.dialects.posthog.views.messages import Messages
from conversations.dialects.posthog.views.saved import SavedViews
from conversations.dialects.posthog.views.suggestions import Suggestions
from conversations.dialects.posthog.views.tickets import Tickets

__all__ = ["Bulk", "Messages", "SavedViews", "Suggestions", "Tickets"]
