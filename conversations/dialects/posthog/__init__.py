"""The support tickets of PostHog, as documented at posthog.com/docs/api/conversations: snake_case, `/api/projects/:id/…`.

Every path also answers under `/api/environments/…` and with a trailing slash. Policies: the desk's own.
"""

import re

from conversations.lifecycle import DESK

TITLE = "PostHog"
PATHS = re.compile(r"/api/(?:projects|environments)/[^/]+/conversations(?:/.*)?$")
POLICY = DESK
ADAPTER = "posthog"
