"""The assistant's streams beside bare async streams of Django: how soon the first event, and what an open one costs.

Each kind has a web process of its own; a stream of each is opened in turn, and all stay open until the end.
"""

from __future__ import annotations

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.db import connection

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.assistant import actions as assistant_actions
from conversations.assistant import runs
from conversations.models import AssistantRun
from tests.runtime.machine import free_port

PATH = "/api/environments/@current/conversations"
MOST_CONNECTIONS = 60  # streams of the kind that holds one each; the database has 100
FRAMES = 10  # that an attached stream replays


@dataclass
class Kind:
    """One way to serve a stream, in a process of its own."""

    name: str
    module: str
    request: Callable[[int], bytes]
    most: int
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    streams: list[socket.socket] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    @contextmanager
    def serving(self) -> Iterator[Kind]:
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.module],
            env={**os.environ, "PORT": str(self.port), "HOST": "127.0.0.1", "PGAPPNAME": self.application},
        )
        try:
            _wait(self.port)
            yield self
        finally:
            for stream in self.streams:
                stream.close()
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()

    @property
    def application(self) -> str:
        return re.sub(r"\W+", "-", self.name)

    def open(self, number: int, *, stays: bool = True) -> None:
        """Open a stream and wait for its first event."""
        started = time.perf_counter()
        stream = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        stream.sendall(self.request(number))
        received = b""
        while b"data: " not in received:
            piece = stream.recv(65536)
            assert piece, received
            received += piece
        self.times.append((time.perf_counter() - started) * 1000)
        assert received.startswith(b"HTTP/1.1 20"), received[:200]
        if stays:
            self.streams.append(stream)
        else:
            stream.close()

    def memory(self) -> int:
        """The process's own share of memory, in KiB."""
        assert self.process is not None
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)[1])  # type: ignore[index]

    def threads(self) -> int:
        assert self.process is not None
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def connections(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [self.application])
            count: int = cursor.fetchone()[0]
            return count


def measure(workspace: Workspace, key: str, count: int) -> None:
    """Print the table."""
    conversations = [_begin(workspace) for _ in range(20)]

    def attach(number: int) -> bytes:
        return _post(key, {"content": None, "conversation": conversations[number % len(conversations)]})

    kinds = [
        Kind("bare async stream", "tests.benchmarks.bare_process", lambda _: _get("/bare-stream"), count),
        Kind(
            "bare async stream, one query",
            "tests.benchmarks.bare_process",
            lambda _: _get("/bare-stream-with-a-query"),
            min(count, MOST_CONNECTIONS),
        ),
        Kind(f"attach: replay of {FRAMES} frames", "tests.benchmarks.web_process", attach, count),
    ]
    ask = Kind(
        "ask: a new conversation",
        "tests.benchmarks.web_process",
        lambda number: _post(key, {"content": f"Where is order {number}?"}),
        count,
    )
    with ExitStack() as stack:
        for kind in [*kinds, ask]:
            stack.enter_context(kind.serving())
            for number in range(5):  # what a process loads at its first requests is no stream's
                kind.open(number, stays=False)
            kind.times.clear()
        time.sleep(1)  # the servers let go of what has just been closed
        before = {kind.name: (kind.memory(), kind.connections()) for kind in [*kinds, ask]}
        for number in range(count):
            for kind in [*kinds, ask]:
                if number < kind.most:
                    kind.open(number)
        time.sleep(3.5)  # the shared look at all runs has been made once more
        print(
            f"\n{'open streams':34} {'count':>6} {'p50 ms':>7} {'p95 ms':>7} {'KiB':>6} {'connections':>12} {'threads':>8}"
        )
        for kind in [*kinds, ask]:
            memory, connections = before[kind.name]
            print(
                f"{kind.name:34} {len(kind.streams):>6} {statistics.median(kind.times):>7.1f}"
                f" {statistics.quantiles(kind.times, n=20)[-1]:>7.1f}"
                f" {(kind.memory() - memory) / len(kind.streams):>6.1f}"
                f" {(kind.connections() - connections) / len(kind.streams):>12.2f} {kind.threads():>8}"
            )
        print("KiB (PSS) and database connections are those that each open stream adds; time is to the first event.")


def _begin(workspace: Workspace) -> str:
    """A run that goes on, as if a worker answered it."""
    with tenancy.scope(workspace):
        by, at = Actor.system(workspace.pk), clock.now()
        run = assistant_actions.ask_assistant(workspace=workspace, content="What is a refund?", by=by, at=at)
        claimed = runs.claim(run.pk, at)
        assert claimed is not None
        for number in range(FRAMES - 2):
            runs.partial(claimed, "word " * (number + 1), at)
        AssistantRun.objects.filter(pk=run.pk).update(beat_at=at + timedelta(hours=1))
        return str(run.thread.conversation.public_id)


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def _post(key: str, body: object) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
