"""The whole desk as `make run` starts it: up, beside another command, killed, started again, stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.server import copying
from tests.runtime.machine import (
    DEADLINE,
    all_gone,
    eventually,
    free_port,
    get,
    kill_everything,
    manage,
    new_home,
    processes,
    python,
)

ADD_USER = "from accounts.models import User; User.objects.create(email='ada@example.com')"
FORGET_WORKERS = (
    "from django.db import connection; c = connection.cursor();"
    "c.execute('UPDATE procrastinate_workers SET last_heartbeat = now() - make_interval(hours => 1)')"
)
COUNT_USERS = "from accounts.models import User; print('users', User.objects.count())"


@dataclass
class Desk:
    home: Path
    port: int
    process: subprocess.Popen[str]

    def get(self, path: str) -> tuple[int, str]:
        return get(f"http://127.0.0.1:{self.port}{path}")

    def pid(self, role: str) -> int | None:
        """The process of a role, or None while there is none."""
        return next((pid for pid in processes(self.home) if _is(role, pid)), None)

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=DEADLINE)
        return output


def _is(role: str, pid: int) -> bool:
    """Whether a process plays a role: it was started as one, or is a copy of the supervisor with a name of its own."""
    try:
        command, name = (Path(f"/proc/{pid}/{file}").read_bytes() for file in ("cmdline", "comm"))
    except OSError:
        return False
    if name.startswith(b"parley-"):
        return name == f"parley-{role}\n".encode()
    return f"config.server\0{role}\0".encode() in command


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with new_home() as folder:
        yield folder


def start(home: Path, port: int | None = None) -> Desk:
    port = port or free_port()
    desk = Desk(home, port, python(home, "-m", "config.server", "run", PORT=str(port)))
    try:
        eventually(lambda: desk.get("/accounts/login/")[0] == 200 or desk.process.poll() is not None, "the first page")
        assert desk.process.poll() is None
        # The first page may have waited in the backlog since before there was a worker.
        eventually(lambda: desk.pid("worker"), "the worker")
    except AssertionError:
        desk.process.kill()
        raise AssertionError(desk.process.communicate()[0]) from None
    return desk


def test_it_starts_says_where_it_is_and_stops_at_ctrl_c(home: Path) -> None:
    desk = start(home)
    assert (desk.home / "static" / "staticfiles.json").exists()
    output = desk.stop()
    assert desk.process.returncode == 0
    assert f"Parley is at http://127.0.0.1:{desk.port}" in output
    assert "Traceback" not in output
    assert all_gone(desk.home)


def test_a_command_beside_a_second_start_shares_its_database(home: Path) -> None:
    desk = start(home)
    manage(home, "shell", "-v", "0", "-c", ADD_USER)
    assert desk.process.poll() is None
    desk.stop()
    assert "users 1" in manage(home, "shell", "-v", "0", "-c", COUNT_USERS)


def test_killed_it_leaves_no_orphans_and_loses_nothing(home: Path) -> None:
    desk = start(home)
    before = manage(home, "shell", "-v", "0", "-c", COUNT_USERS)
    desk.process.kill()
    desk.process.communicate()
    eventually(lambda: all_gone(home), "the end of all its processes")
    again = start(home)
    assert manage(home, "shell", "-v", "0", "-c", COUNT_USERS) == before
    again.stop()


def test_after_a_power_cut_it_starts_again(home: Path) -> None:
    start(home)
    kill_everything(home)
    start(home).stop()


@pytest.fixture(scope="class")
def desk(home: Path) -> Iterator[Desk]:
    desk = start(home)
    yield desk
    desk.stop()


class TestOneThatRuns:
    """One desk, to which one thing after the other happens."""

    def test_doctor_is_content(self, desk: Desk) -> None:
        eventually(lambda: desk.get("/readyz")[0] == 200, "readiness")
        output = manage(desk.home, "doctor")
        assert "broken" not in output
        # PORT was given to the desk alone; links that commands print lead there all the same.
        assert f"http://127.0.0.1:{desk.port}," in output

    @pytest.mark.skipif(not copying.IS_POSSIBLE, reason="each role is started by itself")
    def test_web_and_worker_are_copies_of_a_supervisor_that_holds_nothing_they_may_not_share(self, desk: Desk) -> None:
        supervisor = desk.process.pid
        web, worker = desk.pid("web"), desk.pid("worker")
        assert web is not None
        assert worker is not None
        assert {_command(web), _command(worker)} == {_command(supervisor)}
        assert _threads(supervisor) == 1
        # A connection of the supervisor's would be everybody's; now and then it looks whether the database answers.
        listening = eventually(lambda: found if len(found := _sockets(supervisor)) == 1 else set(), "one socket alone")
        assert listening <= _sockets(web), "it answers"
        assert not listening & _sockets(worker), "a caller would wait in vain while no web process is there"

    @pytest.mark.parametrize("role", ["web", "worker"])
    def test_a_part_that_is_killed_is_started_again(self, desk: Desk, role: str) -> None:
        first = desk.pid(role)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        eventually(lambda: desk.pid(role) not in (None, first), f"another {role}")
        assert desk.get("/accounts/login/")[0] == 200

    def test_it_recovers_when_the_database_crashes(self, desk: Desk) -> None:
        postmaster = int((desk.home / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        eventually(lambda: desk.get("/accounts/login/")[0] == 200 and desk.pid("worker"), "recovery")
        asked = manage(desk.home, "shell", "-v", "0", "-c", COUNT_USERS)
        assert "users" in asked


def test_a_busy_port_gives_one_line(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = python(home, "-m", "config.server", "run", PORT=str(port))
        output, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert output == f"Port {port} is in use already. Choose another: PORT={port + 1} make run\n"


@pytest.fixture(scope="module")
def port(home: Path) -> Iterator[int]:
    manage(home, "migrate", "-v", "0")
    # Desks that were killed above have left workers behind, whose heartbeats are still young.
    manage(home, "shell", "-v", "0", "-c", FORGET_WORKERS)
    port = free_port()
    process = python(home, "-m", "tests.runtime.web_process", PORT=str(port))
    eventually(lambda: get(f"http://127.0.0.1:{port}/healthz")[0] == 200, "the web process")
    yield port  # a web process with the pages of these tests, over the same data folder
    if process.poll() is None:
        process.terminate()
    process.communicate(timeout=DEADLINE)


def test_health_needs_nothing_and_readiness_names_the_sick_part(port: int) -> None:
    assert get(f"http://127.0.0.1:{port}/healthz") == (200, '{"status": "ok"}')
    status, body = get(f"http://127.0.0.1:{port}/readyz")
    assert status == 503
    answer = json.loads(body)
    assert answer["parts"]["database"] == answer["parts"]["migrations"] == "ok"
    assert answer["sick"] == "worker"


def test_readiness_is_reached_with_a_worker(port: int, home: Path) -> None:
    worker = python(home, "-m", "config.server", "worker")
    eventually(lambda: get(f"http://127.0.0.1:{port}/readyz")[0] == 200, "readiness")
    worker.terminate()
    output, _ = worker.communicate(timeout=DEADLINE)
    assert worker.returncode == 0, output


def test_idle_streams_hold_neither_threads_nor_connections(port: int, home: Path) -> None:
    web = next(pid for pid in processes(home) if b"web_process" in _command(pid))
    with _streams(port, 5):
        before = _threads(web), len(_backends(home))
        with _streams(port, 50):
            assert (_threads(web), len(_backends(home))) <= (max(before[0], 16), max(before[1], 8))


def test_sigterm_ends_it_although_streams_are_open(port: int, home: Path) -> None:
    web = next(pid for pid in processes(home) if b"web_process" in _command(pid))
    with _streams(port, 10):
        os.kill(web, signal.SIGTERM)
        eventually(lambda: web not in processes(home), "its end")


class _streams:
    def __init__(self, port: int, count: int) -> None:
        self.port, self.count = port, count
        self.sockets: list[socket.socket] = []

    def __enter__(self) -> None:
        for _ in range(self.count):
            client = socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)
            client.sendall(b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            self.sockets.append(client)
        for client in self.sockets:
            received = b""
            while b"event: ready" not in received:
                piece = client.recv(4096)
                assert piece, received
                received += piece

    def __exit__(self, *_: object) -> None:
        for client in self.sockets:
            client.close()


def _sockets(pid: int) -> set[str]:
    """The open sockets of a process."""
    found = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(os.readlink(file))
    return {name for name in found if name.startswith("socket:")}


def _threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def _backends(home: Path) -> list[int]:
    return [pid for pid in _all_pids() if b"postgres: parley parley" in _command(pid) and _belongs(pid, home)]


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _belongs(pid: int, home: Path) -> bool:
    postmaster = (home / "postgres" / "postmaster.pid").read_text().split()[0]
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1] == postmaster
    except OSError:
        return False
