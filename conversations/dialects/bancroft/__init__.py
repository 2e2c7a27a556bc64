"""The conversations API of Bancroft, as documented at bancrofthq.com/docs/conversations: snake_case, always a slash at the end.

For: clients of that product, who change their base URL and their key and nothing else.
In: its documented requests. Out: its documented answers; each call is one verb or one query of the desk.
Only `conversations.api.discovery` imports it; it imports `conversations.api`, verbs and queries, and no other format.

Policies: the desk's own (`lifecycle.DESK`), since its documentation states none.
"""

import re

from conversations.actions.lifecycle import DESK
from conversations.api.headers import Headers

TITLE = "Bancroft"
ABOUT = "Conversations and their messages, snake_case; paths always end with a slash."
CREDENTIALS = (
    (
        "`/api/v1/conversations/…/`",
        "`X-API-Key: KEY`, or `Authorization: Bearer KEY`",
        "SERVER KEY, or CLIENT KEY with its proof; `resolve` takes a SERVER KEY",
    ),
    (
        "`/api/integrations/api-keys/create/`",
        "the cookie `sessionid`, and `X-CSRFToken` with the value of the cookie `csrftoken`",
        "none: an owner or admin who is signed in",
    ),
)
PATHS = re.compile(r"/api/v1/conversations/(?:.*/)?$|/api/integrations/")
HEADERS = Headers(credentials=("X-API-Key",))
POLICY = DESK
