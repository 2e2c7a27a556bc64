"""The web role on the benchmark's database: `python -m tests.benchmarks.web_process`."""

from __future__ import annotations

import sys

from tests.benchmarks.running_desk import settings

if __name__ == "__main__":
    settings.DATABASES["default"]["NAME"] = settings.DATABASES["default"]["TEST"]["NAME"]
    from config.server.web import serve

    sys.exit(serve())
