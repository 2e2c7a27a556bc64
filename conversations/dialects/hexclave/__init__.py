"""The support conversations of Hexclave (formerly Stack Auth): two accents of one product, and its feedback form.

For: clients of that product, who change their base URL and their key and nothing else.
In: its documented requests. Out: its documented answers; each call is one verb or one query of the desk.
Only `conversations.api.discovery` imports it; it imports `conversations.api`, verbs and queries, and no other format.

Customers speak snake_case below `/internal/dogfood/support/conversations`, agents camelCase below
`/internal/conversations`; the documented pages are "Reply to a conversation" and "Update conversation". Every path is
served below `/api/v1` and again below `/api/latest`, never with a trailing slash.

Policies: an agent's reply waits for the customer, a customer's reply opens the conversation again, and a closed one
stays closed.
"""

import re

from conversations.actions.lifecycle import ReplyPolicy
from conversations.dialects.hexclave.headers import HEADERS
from conversations.models import Status

__all__ = ["ABOUT", "CREDENTIALS", "HEADERS", "PATHS", "POLICY", "TITLE"]

TITLE = "Hexclave"
ABOUT = (
    "A customer's own conversations, snake_case; all conversations with their notes for agents, camelCase; and feedback. "
    "Every path also answers below `/api/latest`, every header also as `x-hexclave-…`. `projectId` is the workspace's public id."
)
CREDENTIALS = (
    (
        "customers: `/api/v1/internal/dogfood/support/conversations…`",
        "`x-stack-access-type: client`, `x-stack-project-id: PUBLIC ID`, `x-stack-publishable-client-key: KEY` and "
        "`x-stack-access-token: TOKEN`",
        "CLIENT KEY, and the customer's token",
    ),
    (
        "agents: `/api/v1/internal/conversations…`",
        "`x-stack-access-type: server`, `x-stack-project-id: internal`, `x-stack-secret-server-key: KEY`",
        "SERVER KEY",
    ),
    ("`/api/v1/internal/feedback`", "none, or those of customers", "none needed"),
)
PATHS = re.compile(r"/api/(?:latest|v1/internal)(?:/|$)")
POLICY = ReplyPolicy(
    name="hexclave",
    on_agent={Status.OPEN: Status.PENDING},
    on_customer={Status.PENDING: Status.OPEN},
)
