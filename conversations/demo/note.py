"""The block that tells how to get into the demo, kept in DESK_HOME/demo.txt: secrets are stored nowhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from accounts.models import Workspace
from conversations.demo import cast
from conversations.demo.cast import Teammate


def place() -> Path:
    """The file of the block."""
    return Path(settings.DESK_HOME) / "demo.txt"


def kept() -> str | None:
    """The block of an earlier run, with the desk's address as it is now, or None."""
    try:
        text = place().read_text(encoding="utf-8")
    except OSError:
        return None
    return re.sub(r"https?://[^/\s]+", lambda _: settings.PUBLIC_URL, text)


def keep(text: str) -> None:
    """Keep the block, readable by its owner alone."""
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def written(workspace: Workspace, server: str, client: str) -> str:
    """The block with its keys."""
    return f"""{_people(workspace)}
{_with_keys(server, client)}

Try it
  curl -H "Authorization: Bearer {server}" "{settings.PUBLIC_URL}/api/v1/conversations"
  curl -N -H "Authorization: Bearer {server}" -H "Content-Type: application/json" \\
    -d '{{"content": "My station is offline since the update"}}' "{settings.PUBLIC_URL}/api/environments/@current/conversations"
"""


def without_keys(workspace: Workspace) -> str:
    """The block where the note of the keys was deleted."""
    return f"""{_people(workspace)}
The demo's API keys were printed once, and {place()} is gone: `manage.py seed_demo --reset-keys` makes new ones.
"""


def filled(workspace: Workspace, people: Sequence[Teammate], server: str, client: str) -> str:
    """The block of a workspace that was filled in bulk, with its first people."""
    return f"""{_people(workspace, people)}
{_with_keys(server, client)}
"""


def _with_keys(server: str, client: str) -> str:
    return f"""API keys of the workspace (they work in every wire format)
  server, all scopes   {server}
  client, public       {client}"""


def _people(workspace: Workspace, people: Sequence[Teammate] = cast.TEAM) -> str:
    width = max(len(person.email) for person in people)
    logins = "\n".join(
        f"  {person.email:<{width}}  {cast.PASSWORD}  {person.role.value:<6}  {person.name}" for person in people
    )
    return f"""Parley demo: {workspace.name}
  {settings.PUBLIC_URL}/w/{workspace.slug}/
  workspace id {workspace.pk}, public id {workspace.public_id}

Sign in as
{logins}
"""
