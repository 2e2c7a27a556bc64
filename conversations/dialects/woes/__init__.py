"""The conversations API of Woes, as documented at docs.woes.dev/api/conversations: camelCase, never a trailing slash.

Policies: the desk's own (`lifecycle.DESK`), since its documentation states none.
"""

import re

from conversations.lifecycle import DESK

TITLE = "Woes"
ABOUT = "Conversations and their messages, camelCase; paths never end with a slash."
CREDENTIALS = (("`/api/v1/conversations…`", "`Authorization: Bearer KEY`", "SERVER KEY, or CLIENT KEY with its proof"),)
PATHS = re.compile(r"/api/v1/conversations(?:/.*[^/])?$")
POLICY = DESK
