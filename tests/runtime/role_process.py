"""A role of the desk with pages whose static files need no collecting: `python -m tests.runtime.role_process web|worker`.

PREPARE_AFTER prepares a statement at its so-manieth execution, whatever the settings say.
"""

from __future__ import annotations

import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

if __name__ == "__main__":
    from config import settings

    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    if threshold := os.environ.get("PREPARE_AFTER"):
        options = settings.DATABASES["default"]["OPTIONS"]
        options |= {"prepare_threshold": int(threshold), "server_side_binding": True}
    if sys.argv[1] == "web":
        from config.server.web import serve as role
    else:
        from config.server.worker import work as role

    sys.exit(role())
