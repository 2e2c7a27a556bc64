"""The web role with the pages of these tests: `python -m tests.runtime.web_process`."""

from __future__ import annotations

import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

if __name__ == "__main__":
    from config import settings

    settings.ROOT_URLCONF = "tests.runtime.urls"
    from config.server.web import serve

    sys.exit(serve())
