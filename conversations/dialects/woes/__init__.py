"""The conversations API of Woes, as documented at docs.woes.dev/api/conversations: camelCase, never a trailing slash.

For: clients of that product, who change their base URL and their key and nothing else.
In: its documented requests. Out: its documented answers; each call is one verb or one query of the desk.
Only `conversations.api.discovery` imports it; it imports `conversations.api`, verbs and queries, and no other format.

Policies: the desk's own (`lifecycle.DESK`), since its documentation states none.
"""

import re

from conversations.actions.lifecycle import DESK

TITLE = "Woes"
ABOUT = "Conversations and their messages, camelCase; paths never end with a slash."
CREDENTIALS = (("`/api/v1/conversations…`", "`Authorization: Bearer KEY`", "SERVER KEY, or CLIENT KEY with its proof"),)
PATHS = re.compile(r"/api/v1/conversations(?:/.*[^/])?$")
POLICY = DESK
