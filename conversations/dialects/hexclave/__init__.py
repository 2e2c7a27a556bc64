"""The support conversations of Hexclave (formerly Stack Auth): two accents of one product, and its feedback form.

Customers speak snake_case below `/internal/dogfood/support/conversations`, agents camelCase below
`/internal/conversations`; the documented pages are "Reply to a conversation" and "Update conversation". Every path is
served below `/api/v1` and again below `/api/latest`, never with a trailing slash.

Policies: an agent's reply waits for the customer, a customer's reply is our turn again, and a closed conversation
stays closed whoever writes.
"""

import re

from conversations.lifecycle import ReplyPolicy
from conversations.models import Status

TITLE = "Hexclave"
PATHS = re.compile(r"/api/(?:latest|v1/internal)(?:/|$)")
POLICY = ReplyPolicy(
    name="hexclave",
    on_agent={Status.OPEN: Status.PENDING},
    on_customer={Status.PENDING: Status.OPEN},
)
