"""Secrets that the desk makes for itself once and keeps in its data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def get_or_create(home: Path, name: str) -> str:
    """The secret of that name under `home`, made on first use (readable by its owner alone).

    Several processes may start at once: the first to create the file wins and the others read it. A folder that
    cannot be written gives a secret for this process alone, so that linters can import the settings.
    """
    path = home / "secrets" / name
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        pass
    value = secrets.token_urlsafe(48)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(value)
        try:
            os.link(draft, path)
        except FileExistsError:
            value = path.read_text(encoding="ascii")
        finally:
            draft.unlink()
    except OSError:
        pass
    return value


def kept(home: Path, name: str) -> str:
    """The secret of that name under `home`; nothing where there is none."""
    try:
        return (home / "secrets" / name).read_text(encoding="ascii")
    except OSError:
        return ""
