"""The calls on tickets, their messages, saved views, and conversations with the assistant."""

from conversations.dialects.posthog.views.assistant import Assistant
from conversations.dialects.posthog.views.bulk import Bulk
from conversations.dialects.posthog.views.messages import Messages
from conversations.dialects.posthog.views.queue import Queue
from conversations.dialects.posthog.views.saved import SavedViews
from conversations.dialects.posthog.views.suggestions import Suggestions
from conversations.dialects.posthog.views.tickets import Tickets

__all__ = ["Assistant", "Bulk", "Messages", "Queue", "SavedViews", "Suggestions", "Tickets"]
