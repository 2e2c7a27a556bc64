"""Where a desk keeps its data, without loading the settings."""

from __future__ import annotations

from pathlib import Path

from config import env


def desk_home() -> Path:
    """DESK_HOME, by default `.desk` beside manage.py. The same as `settings.DESK_HOME`."""
    return Path(env.text("DESK_HOME", str(env.BASE_DIR / ".desk"))).expanduser().resolve()
