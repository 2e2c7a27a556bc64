"""The data folder is readable by its own user alone: it holds messages, uploads, mail with reset links, and secrets."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

OWNER = 0o700


def keep_private(home: Path, *, is_written: bool = True) -> None:
    """From now on, what this process makes is readable by its own user alone; what an earlier version made is repaired.

    As root, the folder itself stays passable, for the user that runs the embedded PostgreSQL; all that is in it is closed.
    Raises ImproperlyConfigured where the folder cannot be used, if it is to be written.
    """
    try:
        # The folders above it are made as the user's own umask has it.
        home.mkdir(parents=True, exist_ok=True)
        os.umask(0o077)
        _close_home(home)
    except OSError as error:
        os.umask(0o077)
        if is_written:
            raise _unusable(home, error) from error
    if is_written and not os.access(home, os.W_OK | os.X_OK):
        raise _unusable(home, None)


def _close_home(home: Path) -> None:
    """A data folder within it, such as the tests' own, is one of its own: its database must stay reachable too."""
    _close(home, OWNER | (0o011 if os.geteuid() == 0 else 0))
    for entry in home.iterdir():
        if (entry / "postgres").is_dir():
            _close_home(entry)
        elif not entry.name.startswith("postgres") or entry.is_file():
            _close_all(entry)


def _unusable(home: Path, error: OSError | None) -> ImproperlyConfigured:
    why = (error.strerror or str(error)) if error else "Permission denied"
    return ImproperlyConfigured(
        f"DESK_HOME is {home}, which cannot be used ({why}); it takes a folder that this user may write to"
    )


def _close_all(entry: Path) -> None:
    """Close a file, or a folder and all in it. One that is closed already holds nothing that others can reach."""
    if entry.is_symlink() or not entry.lstat().st_mode & 0o077:
        return
    if entry.is_dir():
        for folder, folders, files in os.walk(entry):
            for name in (*folders, *files):
                path = Path(folder, name)
                if not path.is_symlink():
                    _close(path, OWNER)
    _close(entry, OWNER)


def _close(path: Path, allowed: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & ~allowed:
        try:
            path.chmod(mode & allowed)
        except PermissionError:
            pass  # Another user's: that user's own start closes it.
