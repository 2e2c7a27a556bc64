"""The conversations API of Bancroft, as documented at bancrofthq.com/docs/conversations: snake_case, always a slash at the end.

Policies: the desk's own (`lifecycle.DESK`), since its documentation states none.
"""

import re

from conversations.lifecycle import DESK

TITLE = "Bancroft"
PATHS = re.compile(r"/api/v1/conversations/(?:.*/)?$|/api/integrations/")
POLICY = DESK
