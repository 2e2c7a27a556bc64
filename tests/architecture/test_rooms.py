"""Every room says what it is: what it is for, what comes in, what goes out, and who may import it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("accounts", "config", "conversations", "tickets")
SMALL = 5
"""Files that a room may hold without saying what it is."""
SAYS = ("For:", "In:", "Out:", "import")
"""What the opening tells, in these words."""

PACKAGES = sorted(
    path.parent for app in APPS for path in (ROOT / app).rglob("__init__.py") if "migrations" not in path.parts
)


@pytest.mark.parametrize("room", PACKAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_room_of_many_files_opens_with_what_it_is_for(room: Path) -> None:
    if len([path for path in room.glob("*.py") if path.name != "__init__.py"]) <= SMALL:
        return
    readme = room / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.exists() else _docstring(room / "__init__.py")
    missing = [word for word in SAYS if word not in text]
    assert not missing, f"{room.name} does not say {missing}: {text or 'nothing'}"


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
