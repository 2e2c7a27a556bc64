"""Performing a recipe of CONTRIBUTING.md on a copy of the code: exactly what its blocks say, and nothing else.

A block whose first line names a file after the language is that file. One in `diff` adds its lines to a file that is there,
below the lines that it repeats. A `sh` block is run.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROOFS = Path(__file__).with_name("proofs")
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of code: its language, the file that it is about, if any, and its text."""

    language: str
    path: str
    text: str


def blocks(title: str) -> list[Block]:
    """The blocks of a recipe, in their order."""
    recipes = (ROOT / "CONTRIBUTING.md").read_text().split("\n## Recipes\n")[1].split("\n## ")[0]
    recipe = recipes.split(f"\n### {title}\n")[1].split("\n### ")[0]
    return [Block(*found) for found in _BLOCK.findall(recipe)]


@dataclass(frozen=True)
class Copy:
    """The files that git does not ignore, without the tests, and what was done to them."""

    root: Path
    before: dict[str, str | None]

    @property
    def added(self) -> set[str]:
        """The files that were not there before."""
        return set(_texts(self.root)) - set(self.before)

    @property
    def changed(self) -> dict[str, list[str]]:
        """The lines that were added to files that were there. Raises AssertionError where anything else was done to one."""
        now, found = _texts(self.root), {}
        for path, text in self.before.items():
            if text != now.get(path):
                found[path] = _added_lines(text or "", now.get(path) or "")
        return found


def perform(title: str, into: Path) -> Copy:
    """Copy the code, and do what the recipe says."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".", ":!tests"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        # Compiled modules are copied too: compiling all of them anew would take most of the time.
        for file in (ROOT / name, Path(cache_from_source(str(ROOT / name)))):
            if file.exists():
                to = into / file.relative_to(ROOT)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, to)
    copy = Copy(into, _texts(into))
    for block in blocks(title):
        _apply(block, copy)
    return copy


def lint(copy: Copy) -> None:
    """The imports of the copy keep the law, and its files the style."""
    programs = Path(sys.executable).parent
    _run(copy, [str(programs / "lint-imports"), "--no-cache"])
    _run(copy, [str(programs / "ruff"), "check", "--no-cache"])
    _run(copy, [str(programs / "ruff"), "format", "--no-cache", "--check"])


def prove(copy: Copy, proof: str, database: str) -> None:
    """Run a script of `proofs` with the modules of the copy, on a database of the tests."""
    _run(copy, [sys.executable, str(PROOFS / f"{proof}.py")], LIVE_DATABASE=database)


def _apply(block: Block, copy: Copy) -> None:
    path = copy.root / block.path
    if block.language == "sh":
        for line in block.text.splitlines():
            command = shlex.split(line)
            _run(copy, [sys.executable, *command[1:]] if command[0] == ".venv/bin/python" else command)
    elif block.language == "diff":
        lines = [(line[0], line[1:]) for line in block.text.splitlines()]
        above = "".join(f"{text}\n" for mark, text in lines if mark == " ")
        new = "".join(f"{text}\n" for mark, text in lines if mark == "+")
        text = path.read_text()
        assert text.count(above) == 1, f"{block.path} does not hold once:\n{above}"
        path.write_text(text.replace(above, above + new))
    elif block.path:
        assert not path.exists(), f"{block.path} is there already"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)


def _run(copy: Copy, command: Sequence[str], **more: str) -> None:
    env = os.environ | {"PYTHONPATH": str(copy.root), "PYTHONDONTWRITEBYTECODE": "1"} | more
    done = subprocess.run(command, cwd=copy.root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"


def _texts(root: Path) -> dict[str, str | None]:
    """Every file by its path; None for one that is no text."""
    found: dict[str, str | None] = {}
    for path in sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        try:
            found[str(path.relative_to(root))] = path.read_text()
        except UnicodeDecodeError:
            found[str(path.relative_to(root))] = None
    return found


def _added_lines(before: str, after: str) -> list[str]:
    """Raises AssertionError unless the text after is the text before with lines added."""
    old = before.splitlines()
    added = []
    for line in after.splitlines():
        if old and line == old[0]:
            old.pop(0)
        else:
            added.append(line)
    assert not old, f"this line was changed or taken away: {old[0]}"
    return added
