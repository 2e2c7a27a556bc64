"""On which port the desk of a data folder was started last, so that links which commands print beside it lead there."""

from __future__ import annotations

from pathlib import Path

DEFAULT = 8000


def port(home: Path) -> int:
    """The port; that of a first start where the desk has never run here."""
    try:
        return int(_place(home).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return DEFAULT


def remember(home: Path, number: int) -> None:
    """Keep the port for commands, whose environment has no PORT."""
    _place(home).write_text(f"{number}\n", encoding="ascii")


def _place(home: Path) -> Path:
    return home / "port"
