"""PostHog's support tickets and conversations with the assistant, as documented at posthog.com/docs/api/conversations.

Every path also answers under `/api/environments/…` and with a trailing slash. Policies: the desk's own.
"""

import re

from conversations.lifecycle import DESK

TITLE = "PostHog"
ABOUT = (
    "Support tickets with their messages, saved views, and conversations with the assistant. `project_id` is the workspace's "
    "number, public id or slug, or `@current` for the key's own. Paths answer below `/api/projects` and `/api/environments` "
    "alike, with and without a slash at the end."
)
CREDENTIALS = (
    (
        "`/api/projects/:project_id/conversations/…`, `/api/environments/:project_id/conversations…`",
        "`Authorization: Bearer KEY`",
        "SERVER KEY",
    ),
)
PATHS = re.compile(r"/api/(?:projects|environments|organizations)(?:/|$)")
POLICY = DESK
ADAPTER = "posthog"
