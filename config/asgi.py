"""The production entry point: `config.asgi:application`, for any ASGI server (see config/server/front.py)."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
handler = get_wsgi_application()

from django.conf import settings  # noqa: E402 - the settings are ready now

from config import env  # noqa: E402
from config.server import wire  # noqa: E402
from config.server.front import Front  # noqa: E402
from config.server.visitors import Visitors  # noqa: E402

application = Front(
    handler,
    threads=env.number("WEB_THREADS", 4, low=1, high=256),
    queue=env.number("WEB_QUEUE", 1000, low=1, high=100_000),
    limits=wire.Limits(
        body=settings.JSON_BODY_LIMIT,
        upload=settings.UPLOAD_LIMIT,
        seconds=settings.BODY_TIMEOUT,
        memory=settings.BODY_MEMORY,
    ),
    visitors=Visitors(most=settings.REQUESTS_PER_ADDRESS, proxies=settings.TRUSTED_PROXIES),
)
