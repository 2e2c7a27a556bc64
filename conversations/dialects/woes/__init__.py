"""The conversations API of Woes, as documented at docs.woes.dev/api/conversations: camelCase, never a trailing slash.

Policies: the desk's own (`lifecycle.DESK`), since its documentation states none.
"""

import re

from conversations.lifecycle import DESK

TITLE = "Woes"
PATHS = re.compile(r"/api/v1/conversations(?:/.*[^/])?$")
POLICY = DESK
