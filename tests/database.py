"""The PostgreSQL that tests run on: TEST_DATABASE_URL, or an embedded one of their own that forgets nothing but is
not made to survive a power cut. It is never the desk's own (DESK_HOME, DATABASE_URL).

A pytest plugin, loaded by `-p tests.database` before Django reads its settings. Several runs may share the server: it
stops with the last of them. TEST_DATABASE_NAME (default test_parley) keeps their databases apart.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ["DESK_HOME"] = str(Path(__file__).resolve().parent.parent / ".desk" / "test")
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "")
os.environ["DIRECT_DATABASE_URL"] = ""
os.environ["EMBEDDED_DURABLE"] = "no"
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
