"""The web role on the tests' own database, with real static files: `python -m tests.journeys.web_process <folder>`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import tests.database  # noqa: F401 (chooses the PostgreSQL)
from tests import passwords

if __name__ == "__main__":
    passwords.hash_quickly()
    from config import settings

    folder = Path(sys.argv[1])
    settings.DATABASES["default"]["NAME"] = os.environ["JOURNEY_DATABASE"]
    settings.STATIC_ROOT, settings.MEDIA_ROOT = folder / "static", folder / "files"
    settings.LOGGING["root"]["level"] = "ERROR"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("collectstatic", interactive=False, verbosity=0)
    from config.server.web import serve

    sys.exit(serve())
