"""`run`: everything that a desk needs on one machine, started, kept running and stopped together.

Each child is one role of `python -m config.server`. Where it can, it loads their code once, when the release is done, and
they are copies of it (config/server/copying.py); of Django it only holds what they share. Children end with it, even if it is
killed, and the database ends with the last of those who use it (config/server/postgres).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

from config import env, served
from config.server import copying, listening, metrics, processes
from config.server.home import desk_home
from config.server.postgres import binaries, usage
from config.server.saying import say

STOP_LIMIT = 6.0  # seconds; the children's own limits are shorter
PAUSES = (0.5, 10.0)  # seconds before a child that ended is started again: the first and the longest
STEADY = 30.0  # seconds after which a child has proved that it runs, and the pause starts small again
CHECK_DATABASE_EVERY = 1.0  # seconds

Process = subprocess.Popen[bytes] | copying.Copy


@dataclass
class Child:
    """One process that is always to run."""

    name: str
    start: Callable[[], Process]
    process: Process | None = None
    started_at: float = 0.0
    pause: float = PAUSES[0]
    due_at: float = field(default=0.0)

    def look(self, now: float) -> None:
        """Notice that it ended; start it when its time has come."""
        if self.process is not None and self.process.poll() is not None:
            if now - self.started_at > STEADY:
                self.pause = PAUSES[0]
            # Whatever its status: the job queue's worker, for one, ends with 0 when the database restarts.
            say(f"{self.name} ended with status {self.process.returncode}; starting it again in {self.pause:g} s.")
            self.process = None
            self.due_at = now + self.pause
            self.pause = min(self.pause * 2, PAUSES[1])
        if self.process is None and now >= self.due_at:
            self.process = self.start()
            self.started_at = now


class Stop(Exception):
    """Somebody asked us to stop."""


def run() -> int:
    """Run until SIGINT, SIGTERM or SIGHUP. Returns an exit status; raises copying.Copied in each copy."""
    supervisor = os.getpid()
    for number in copying.SIGNALS:
        signal.signal(number, _stop)
    children: list[Child] = []
    database = _Database()
    try:
        count = env.number("WEB_PROCESSES", 1, low=1, high=64)
        listener = listening.listen().detach()  # a number, which no variable closes in a copy
        counted = metrics.shared(count)
        _publish_port(listening.address()[1])
        database.look(0)
        release = _start("release", *(["--demo"] if env.flag("SEED_DEMO", True) else []))
        children.append(Child("Setting up", lambda: release, process=release))
        if status := release.wait():
            return status
        children.clear()
        if copying.IS_POSSIBLE:
            copying.load()
        children += [
            Child(f"Web process {number + 1}", partial(_start_web, listener, counted, number))
            for number in range(count)
        ]
        children.append(Child("Worker", partial(_begin, "worker", without=[listener, counted])))
        _banner()
        while True:
            now = time.monotonic()
            database.look(now)
            for child in children:
                child.look(now)
            time.sleep(0.2)
    except listening.PortBusy as error:
        say(str(error))
        return 1
    except _Unusable as error:
        say(str(error))
        return 1
    except Stop:
        say("\nStopping.")
        return 0
    finally:
        if os.getpid() == supervisor:  # A copy passes here too, on its way to its role.
            for number in copying.SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            _end([child.process for child in children if child.process is not None])
            database.leave()


class _Unusable(Exception):
    """The database cannot be had; the message says why."""


class _Database:
    """The embedded server, if this desk has one: started with us, and again whenever it is gone."""

    def __init__(self) -> None:
        self.home = None if env.text("DATABASE_URL") else desk_home()
        self.due_at = 0.0
        self.pause = PAUSES[0]
        self.ran = False

    def look(self, now: float) -> None:
        if self.home is None or now < self.due_at:
            return
        try:
            usage.use(self.home)
        except binaries.PostgresError as error:
            if not self.ran:
                raise _Unusable(str(error)) from error
            say(f"{error}\nTrying again in {self.pause:g} s.")
            self.due_at = now + self.pause
            self.pause = min(self.pause * 2, PAUSES[1])
            return
        self.ran = True
        self.due_at, self.pause = now + CHECK_DATABASE_EVERY, PAUSES[0]

    def leave(self) -> None:
        if self.home is not None and self.ran:
            usage.leave(self.home)


def _start_web(listener: int, counted: int, number: int) -> Process:
    """Web process `number`, from 0: it inherits the socket, and its place among the counts of all."""
    given = {listening.FILE: str(listener), metrics.FILE: f"{counted},{number}"}
    return _begin("web", given=given, files=[listener, counted])


def _begin(
    role: str, *, given: Mapping[str, str] | None = None, files: Sequence[int] = (), without: Sequence[int] = ()
) -> Process:
    """Start a role that stays: as a copy, which has our files but for those that it is `without`, or with `files` alone."""
    if copying.IS_POSSIBLE:
        return copying.copy(role, given=given or {}, without=without)
    return _start(role, given=given, files=files)


def _start(
    role: str, *arguments: str, given: Mapping[str, str] | None = None, files: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "config.server", role, *arguments],
        cwd=env.BASE_DIR,
        env={**os.environ, **(given or {})},
        stdin=subprocess.DEVNULL,
        pass_fds=files,
        start_new_session=True,  # Ctrl-C reaches us alone; we stop the others in order.
        preexec_fn=processes.ends_with_parent(signal.SIGTERM),
    )


def _end(running: list[Process]) -> None:
    """Ask all to stop, wait for all, and kill those that do not."""
    for process in running:
        process.terminate()
    end = time.monotonic() + STOP_LIMIT
    for process in running:
        try:
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stop


def _publish_port(port: int) -> None:
    """Pass the port to the children by their environment, and to commands by the data folder."""
    os.environ["PORT"] = str(port)
    try:
        served.remember(desk_home(), port)
    except OSError as error:
        say(f"Commands will print links to another port: {error}")


def _banner() -> None:
    host, port = listening.address()
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - compared, not bound
    address = env.text("PUBLIC_URL", f"http://{f'[{shown}]' if ':' in shown else shown}:{port}")
    say(f"\n  Parley is at {address}\n  Ctrl-C stops it.\n")
    if shown != host and not env.text("PUBLIC_URL") and not env.text("ALLOWED_HOSTS"):
        say(
            "  It listens on every address and answers to 127.0.0.1 alone: set PUBLIC_URL to the one that people type.\n"
        )
