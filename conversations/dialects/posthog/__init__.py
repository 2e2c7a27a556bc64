"""PostHog's support tickets and conversations with the assistant, as documented at posthog.com/docs/api/conversations.

Every path also answers under `/api/environments/…` and with a trailing slash. Policies: the desk's own.
"""

import re

from conversations.lifecycle import DESK

TITLE = "PostHog"
PATHS = re.compile(r"/api/(?:projects|environments|organizations)(?:/|$)")
POLICY = DESK
ADAPTER = "posthog"
