"""The web role on the benchmark's database: `python -m tests.benchmarks.web_process`."""

from __future__ import annotations

import sys

import tests.database  # noqa: F401 (chooses the PostgreSQL)

if __name__ == "__main__":
    from config import settings

    settings.ROOT_URLCONF = "tests.benchmarks.urls"
    settings.DATABASES["default"]["NAME"] = settings.DATABASES["default"]["TEST"]["NAME"]
    settings.API_CALLS_PER_MINUTE = 0
    from config.server.web import serve

    sys.exit(serve())
