"""The worker role on the database that LIVE_DATABASE names: `python -m tests.assistant.worker_process`."""

from __future__ import annotations

import os
import sys

import tests.database  # noqa: F401 (chooses the PostgreSQL)

if __name__ == "__main__":
    from config import settings

    settings.DATABASES["default"]["NAME"] = os.environ["LIVE_DATABASE"]
    from config.server.worker import work

    sys.exit(work())
