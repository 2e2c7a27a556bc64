"""What a role checks before it starts: mistakes that people would otherwise find while they use the desk."""

from __future__ import annotations

import django

from config.server import loading
from config.server.saying import say


def is_possible(role: str) -> bool:
    """Say what is wrong, one sentence each with the way out; False when the role cannot work like that."""
    with loading.without_collecting():
        django.setup()
    from django.core.checks import CheckMessage, Tags, run_checks
    from django.db import connection

    from config import checks, static

    found: list[CheckMessage] = run_checks(tags=[checks.START, Tags.database], databases=["default"])
    connection.close()
    if role == "web":
        found += static.missing()
    for message in found:
        if not message.is_serious() and role != "release":
            continue  # advice is given once
        say(f"{message.msg} {message.hint or ''}".rstrip())
    return not any(message.is_serious() for message in found)
