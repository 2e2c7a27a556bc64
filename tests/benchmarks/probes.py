"""What a desk's processes have used: processor time by role, and memory; and what machine it was. Linux alone tells."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.runtime.machine import ROOT, processes

PROC = Path("/proc")
TICK = os.sysconf("SC_CLK_TCK")
ROLES = ("web", "worker", "database", "bare")
OURS = ("web", "worker", "supervisor", "keeper")
"""The roles of Python; PostgreSQL is counted apart."""
COPIES = {"parley-web": "web", "parley-worker": "worker"}
"""What copies of the supervisor are called, whose command line is its own."""


def role(pid: int) -> str | None:
    """The part that a process plays, by its name or its command line."""
    try:
        name = (PROC / str(pid) / "comm").read_text().strip()
        command = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return None
    if name in COPIES:
        return COPIES[name]
    if found := re.search(r"-m config\.server (web|worker|run)\b", command):
        return {"run": "supervisor"}.get(found[1], found[1])
    if "config.server.postgres.keeper" in command:
        return "keeper"
    return "database" if re.match(r"\S*postgres\b|postgres:", command) else None


@dataclass(frozen=True)
class Desk:
    """The processes of the desk in one data folder, and gunicorn's. Sessions of PostgreSQL come and go; the others stay."""

    home: Path
    bare: int

    @cached_property
    def roles(self) -> dict[str, list[int]]:
        """Those that were there when first asked, by role."""
        found: dict[str, list[int]] = {}
        for pid in processes(self.home):
            if name := role(pid):
                found.setdefault(name, []).append(pid)
        return found

    @cached_property
    def postmaster(self) -> int:
        text = (self.home / "postgres" / "postmaster.pid").read_text()
        return int(text.split("\n", 1)[0])

    def all(self) -> list[int]:
        """Everything whose speed matters, as it is now."""
        return [pid for pids in self.roles.values() for pid in pids] + [self.bare, *_children(self.bare)]

    def seconds(self) -> dict[str, float]:
        """Processor time that each role has used since it began."""
        return {
            "web": sum(_seconds(pid) for pid in self.roles.get("web", ())),
            "worker": sum(_seconds(pid) for pid in self.roles.get("worker", ())),
            # Sessions that have ended are in the postmaster's account of its children.
            "database": _seconds(self.postmaster)
            + _reaped(self.postmaster)
            + sum(_seconds(pid) for pid in _children(self.postmaster)),
            "bare": sum(_seconds(pid) for pid in _children(self.bare)),
        }

    def memory(self) -> dict[str, float]:
        """Each role's share of the machine's memory (PSS), in MiB; `ours` is all that is Python."""
        found: dict[str, float] = {}
        for name, pids in self.roles.items():
            if name != "database":
                found[name] = sum(map(_mebibytes, pids))
        found["ours"] = sum(found.get(name, 0) for name in OURS)
        found["database"] = sum(map(_mebibytes, [self.postmaster, *_children(self.postmaster)]))
        return {name: round(value, 1) for name, value in found.items()}

    def threads(self) -> int:
        return sum(len(list((PROC / str(pid) / "task").iterdir())) for pid in self.roles.get("web", ()))


def _seconds(pid: int) -> float:
    """What a process's threads have run, to the nanosecond; 0 for one that is gone."""
    total = 0
    try:
        for thread in (PROC / str(pid) / "task").iterdir():
            total += int((thread / "schedstat").read_text().split()[0])
    except OSError:
        pass
    return total / 1e9


def _fields(pid: int) -> list[str]:
    """Of /proc/PID/stat, from the state on."""
    return (PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()


def _reaped(pid: int) -> float:
    """What the children had run that have ended."""
    fields = _fields(pid)
    return (int(fields[13]) + int(fields[14])) / TICK


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in (PROC / str(pid) / "task" / str(pid) / "children").read_text().split()]
    except OSError:
        return []


def _mebibytes(pid: int) -> float:
    try:
        text = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def prefer(pids: Iterable[int], nice: int) -> None:
    """Let what else runs on the machine disturb these less, where we may: the bare views' processes and the desk's alike."""
    for pid in pids:
        try:
            os.setpriority(os.PRIO_PROCESS, pid, nice)
            # Linux may share the cores out by session first, of which the desk has several.
            (PROC / str(pid) / "autogroup").write_text(str(nice))
        except OSError:
            pass


def busy() -> float:
    """Seconds that the machine's cores have been busy, with whatever."""
    user, nice, system, _, _, irq, softirq, steal = map(int, (PROC / "stat").read_text().split(None, 9)[1:9])
    return (user + nice + system + irq + softirq + steal) / TICK


def facts(postgres: str) -> dict[str, Any]:
    """The machine, the versions and the commit, for who reads the results later."""
    model = re.search(r"^model name\s*:\s*(.+)$", (PROC / "cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s+(\d+) kB", (PROC / "meminfo").read_text(), re.MULTILINE)
    return {
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _git("rev-parse", "--short=12", "HEAD") + ("+" if _git("status", "--porcelain", "-uno") else ""),
        "cores": os.cpu_count(),
        "processor": model[1] if model else platform.processor(),
        "memory_gib": round(int(memory[1]) / 2**20, 1) if memory else None,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": postgres,
        **{name: version(name) for name in ("django", "psycopg", "uvicorn", "gunicorn")},
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()
