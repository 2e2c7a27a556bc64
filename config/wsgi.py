"""Plain WSGI, for servers and tests that know nothing else.

Everything works but live responses: a stream answers one line that has the browser ask again every 15 seconds, and
an answer that must be waited for is a 503 (see accounts/live/responses.py).
"""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from config.server.home import desk_home
from config.server.private import keep_private

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
keep_private(desk_home(), is_written=False)
application = get_wsgi_application()
