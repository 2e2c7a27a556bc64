"""PostHog's support tickets and conversations with the assistant, as documented at posthog.com/docs/api/conversations.

For: clients of that product, who change their base URL and their key and nothing else.
In: its documented requests. Out: its documented answers; each call is one verb or one query of the desk.
Only `conversations.api.discovery` imports it; it imports `conversations.api`, verbs and queries, and no other format.

Every path also answers under `/api/environments/…` and with a trailing slash. Policies: the desk's own.
"""

import re

from conversations.actions.lifecycle import DESK
from conversations.api.headers import Headers

TITLE = "PostHog"
ABOUT = (
    "Support tickets with their messages, saved views, and conversations with the assistant. `project_id` is the workspace's "
    "number, public id or slug, or `@current` for the key's own. Paths answer below `/api/projects` and `/api/environments` "
    "alike, with and without a slash at the end. With the calls of the widget, posthog-js chats with this desk."
)
CREDENTIALS = (
    (
        "`/api/projects/:project_id/conversations/…`, `/api/environments/:project_id/conversations…`, "
        "`/api/conversations/external/…`",
        "`Authorization: Bearer KEY`",
        "SERVER KEY",
    ),
    (
        "`/api/conversations/v1/widget/…`",
        "`X-Conversations-Token: TOKEN`",
        "the token of a chat widget",
    ),
    (
        "`/array/:token/config`, `/flags`, `/e`",
        "none",
        "the token of a chat widget, in the path or in the body",
    ),
)
PATHS = re.compile(r"/(?:api/(?:projects|environments|organizations|conversations)|array|flags|e|i|s|batch)(?:/|$)")
CHAT_HEADER = "X-Conversations-Token"
HEADERS = Headers(request=("Last-Event-ID", "X-PostHog-Session-Id", CHAT_HEADER))
POLICY = DESK
ADAPTER = "posthog"
