"""What the processes themselves tell the operator: sentences on stderr, or the same as JSON (LOG_FORMAT)."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

from config import env


def is_json() -> bool:
    return env.choice("LOG_FORMAT", "LINE", "LINE", "JSON") == "JSON"


def say(text: str) -> None:
    """Without Django's logging, which the supervisor does not load."""
    if is_json():
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": "INFO",
            "logger": "config.server",
            "message": text.strip(),
        }
        text = json.dumps(line)
    print(text, file=sys.stderr, flush=True)
