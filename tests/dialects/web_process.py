"""The web role on the database that LIVE_DATABASE names: `python -m tests.dialects.web_process`."""

from __future__ import annotations

import os
import sys

import tests.database  # noqa: F401 (chooses the PostgreSQL)

if __name__ == "__main__":
    from config import settings

    settings.DATABASES["default"]["NAME"] = os.environ["LIVE_DATABASE"]
    settings.API_CALLS_PER_MINUTE = settings.ASSISTANT_STARTS_PER_MINUTE = 0
    settings.ASSISTANT_WORKSPACE_STARTS_PER_MINUTE = 0
    # Pages are not what is asked for here; the few that are hit by chance need no collected files.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    from config.server.web import serve

    sys.exit(serve())
