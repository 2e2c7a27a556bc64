"""The production entry point: `config.asgi:application`, for any ASGI server (see config/server/front.py)."""

from __future__ import annotations

import os

from config.server import loading
from config.server.home import desk_home
from config.server.private import keep_private

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
keep_private(desk_home(), is_written=False)
handler = loading.handler()

from django.conf import settings  # noqa: E402 - the settings are ready now

from config import doors  # noqa: E402
from config.server import bodies  # noqa: E402
from config.server.front import Front  # noqa: E402
from config.server.metrics import Metrics  # noqa: E402
from config.server.passing import Desk  # noqa: E402
from config.server.visitors import Visitors  # noqa: E402
from conversations.api import discovery  # noqa: E402

application = Front(
    handler,
    threads=settings.WEB_THREADS,
    queue=settings.WEB_QUEUE,
    limits=bodies.Limits(
        body=settings.JSON_BODY_LIMIT,
        upload=settings.UPLOAD_LIMIT,
        seconds=settings.BODY_TIMEOUT,
        memory=settings.BODY_MEMORY,
    ),
    desk=Desk(
        Metrics.inherited(doors.names()),
        door_of=doors.door_of,
        proxies=settings.TRUSTED_PROXIES,
    ),
    visitors=Visitors(
        most=settings.REQUESTS_PER_ADDRESS,
        proxies=settings.TRUSTED_PROXIES,
        credentials=[name for dialect in discovery.all_dialects() for name in dialect.headers.credentials],
    ),
)
