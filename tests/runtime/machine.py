"""What these tests do to a machine: start processes, look at them, wait for something with a deadline."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from config.server.postgres import cluster

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 120.0  # seconds; a machine that is busy with something else may need them, and a test that passes does not
T = TypeVar("T")


def eventually(ask: Callable[[], T], what: str = "it", *, within: float = DEADLINE) -> T:
    """The first true answer; fails when there is none in time."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {within:g} s")


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a desk of its own."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "TEST_", "COV_")) and name != "DIRECT_DATABASE_URL"
    }
    return plain | {"DESK_HOME": str(home), "DATABASE_URL": "", "EMBEDDED_DURABLE": "yes", "SEED_DEMO": "no"} | more


def python(home: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """Start a Python process that belongs to the desk in `home`."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(home, **more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def manage(home: Path, *arguments: str, **more: str) -> str:
    """The output of a manage.py command, which must succeed."""
    process = python(home, "manage.py", *arguments, **more)
    output, _ = process.communicate(timeout=8 * DEADLINE)
    assert process.returncode == 0, output
    return output


def stop(*started: subprocess.Popen[Any]) -> None:
    """Ask processes to end, and see that they do; one that does not is killed, and fails the test."""
    for process in started:
        process.terminate()
    deaf = []
    for process in started:
        try:
            process.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            deaf.append(process.args)
    assert not deaf, f"asked to end, and did not: {deaf}"


def processes(home: Path) -> list[int]:
    """Every process that belongs to the desk in `home`, PostgreSQL's included."""
    wanted = f"DESK_HOME={home}".encode()
    folder = str(cluster.socket_folder(home)).encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if (entry / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                continue
            command = (entry / "cmdline").read_bytes()
            # PostgreSQL has an environment of its own, and its helpers a command line of their own.
            if wanted in (entry / "environ").read_bytes().split(b"\0") or folder in command:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def all_gone(home: Path) -> bool:
    return not processes(home)


def kill_everything(home: Path) -> None:
    """As a power cut would: all at once, nobody gets to tidy up."""
    for number in processes(home):
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            pass


@contextmanager
def new_home() -> Iterator[Path]:
    """A data folder that any user may pass through, as /srv/desk would be. Everything of it is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="parley-test-"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        end = time.monotonic() + 5
        while not all_gone(home) and time.monotonic() < end:
            time.sleep(0.05)
        kill_everything(home)
        eventually(lambda: all_gone(home), "the end of all processes")
        data = (home / "postgres").resolve()
        if data.parent != home:
            shutil.rmtree(data.parent, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(cluster.socket_folder(home), ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(url: str) -> tuple[int, str]:
    """Status and body; status 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""
