"""Where verbs are: every module named `actions`, or in a package of that name, in any app and room."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("accounts", "tickets", "conversations")

FILES = [
    path
    for app in APPS
    for path in sorted((ROOT / app).rglob("*.py"))
    if "actions" in path.relative_to(ROOT).with_suffix("").parts
]
MODULES = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES if path.name != "__init__.py"]
