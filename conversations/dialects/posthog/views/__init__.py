"""The calls on tickets, their messages, saved views, conversations with the assistant, and of posthog-js, one module a subject.

For: the paths in `urls`. In: a request that `conversations.api.views` has let in. Out: what `answers` and `shapes` declare.
`base` holds what the calls share. Only `urls` imports the package; it imports verbs, queries and the format's other modules.
"""

from conversations.dialects.posthog.views.assistant import Assistant
from conversations.dialects.posthog.views.bulk import Bulk
from conversations.dialects.posthog.views.external import External
from conversations.dialects.posthog.views.messages import Messages
from conversations.dialects.posthog.views.queue import Queue
from conversations.dialects.posthog.views.remote import Captures, Flags, RemoteConfig
from conversations.dialects.posthog.views.saved import SavedViews
from conversations.dialects.posthog.views.suggestions import Suggestions
from conversations.dialects.posthog.views.tickets import Tickets
from conversations.dialects.posthog.views.widget import WidgetMessages, WidgetRestores, WidgetTickets

__all__ = [
    "Assistant", "Bulk", "Captures", "External", "Flags", "Messages", "Queue", "RemoteConfig", "SavedViews", "Suggestions", "Tickets",
    "WidgetMessages", "WidgetRestores", "WidgetTickets",
]  # fmt: skip
