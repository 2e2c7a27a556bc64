"""Programs for Node: npm installs what their lock file names, once, into `.desk/test`.

Without Node their tests are skipped, unless REQUIRE_CLIENTS is set.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from tests.dialects.harness import ROOT


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints. Fails the test when the command fails."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command[0]}: {(done.stdout + done.stderr)[-5000:]}"
    return done.stdout


def program(sources: Path, into: Path) -> Path:
    """A folder with the sources and their packages, which npm installs the first time and when they change."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        _skip("node and npm are not on the PATH")
    locked = [sources / name for name in ("package.json", "package-lock.json", ".npmrc")]
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in locked)).hexdigest()
    tools = ROOT / ".desk" / "test" / sources.name
    tools.mkdir(parents=True, exist_ok=True)
    stamp = tools / ".installed"
    with (tools / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            for path in locked:
                shutil.copy(path, tools)
            try:
                done = subprocess.run([npm, "ci"], cwd=tools, capture_output=True, text=True, timeout=300)
            except subprocess.TimeoutExpired:
                _skip(f"npm took too long to install the packages of {sources.name}")
            if done.returncode != 0:
                _skip(f"npm could not install the packages of {sources.name}: {done.stderr.strip()[-300:]}")
            stamp.write_text(wanted)
    for path in sources.iterdir():
        if path.is_file() and path.name not in ("package-lock.json", ".npmrc"):
            shutil.copy(path, into)
    (into / "node_modules").symlink_to(tools / "node_modules")
    return into


def _skip(reason: str) -> NoReturn:
    if os.environ.get("REQUIRE_CLIENTS"):
        pytest.fail(f"REQUIRE_CLIENTS is set, and {reason}")
    pytest.skip(reason)
