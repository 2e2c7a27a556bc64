"""One run: each size in turn, on a fresh copy of its database, operation by operation."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from config.server import release
from tests.benchmarks import bare, pairing, probes, seeding, served, streams
from tests.benchmarks import statements as sent
from tests.benchmarks.load import Client, Wrong
from tests.benchmarks.operations import Operation
from tests.benchmarks.pairing import INSERT, SELECT, Effort, Measured
from tests.benchmarks.scene import TARGETS, Scene, arranged

CONNECTIONS = (1, 8)
SLOW = 400.0
"""Milliseconds at one connection above which eight are not tried: the desk refuses what waits too long."""
PAUSE = 5.0
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure, and how long. `is_doubtful` names what is measured once more, by the size and its entry so far."""

    sizes: Sequence[int]
    operations: Sequence[Operation]
    effort: Effort
    streams: int
    nice: int
    is_doubtful: Callable[[int, str, Entry], bool] = lambda size, name, entry: False


def run(options: Options) -> dict[str, Any]:
    """All sizes; the results as they are kept."""
    results: dict[str, Any] = {}
    release.static_files()  # statements are counted before the desk runs, which would make them
    for size in options.sizes:
        served.replace_database(seeding.template(size))
        scene = arranged()
        counts = {str(one): sent.counted(one, scene) for one in options.operations}
        with _running(options.nice) as (client, processes, bare_port):
            _introduce(client, bare_port, options.operations, scene, counts)
            results[str(size)] = Size(size, options, scene, counts, client, processes).measured()
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        facts = probes.facts(cursor.fetchone()[0])
    connection.close()
    return {"machine": facts, "sizes": results}


@contextmanager
def _running(nice: int) -> Iterator[tuple[Client, probes.Desk, int]]:
    """The bare project, the desk and the client; the port is the bare project's."""
    with bare.served(bare.prepare()) as (port, gunicorn), served.running():
        client = Client()
        try:
            processes = probes.Desk(served.HOME, gunicorn)
            probes.prefer(processes.all(), nice)
            yield client, processes, port
        finally:
            client.close()
            connection.close()


@dataclass
class Size:
    """A database of one size while it is measured."""

    count: int
    options: Options
    scene: Scene
    statements: dict[str, tuple[int, list[int]]]
    client: Client
    processes: probes.Desk
    taken: dict[tuple[str, int], Measured] = field(default_factory=dict)

    def measured(self) -> dict[str, Any]:
        at_rest = self.processes.memory()
        result: dict[str, Any] = {"conversations": self.scene.conversation_count, "word": self.scene.word}
        if self.options.streams:
            result["streams"] = streams.measure(
                self.client, self.processes, self.scene, served.PORT, self.options.streams
            )
        with _others(self.processes, self.taken) as others:
            entries = {str(one): self._entry(one) for one in self.options.operations}
            for one in self.options.operations:
                if self.options.is_doubtful(self.count, str(one), entries[str(one)]):
                    entries[str(one)] = self._entry(one)
        _progress("")
        return result | {
            "bare": {str(n): self._bare(n) for n in CONNECTIONS},
            "others": others[0],
            "operations": entries,
            "memory": {"at_rest": at_rest, "after": self.processes.memory()},
        }

    def _entry(self, operation: Operation) -> Entry:
        """What is printed of an operation; asked again, it adds to what was measured before."""
        entry: Entry = {"group": operation.group, "statements": self.statements[str(operation)][0]}
        _progress(f"{self.count:,} conversations: {operation}")
        for connections in CONNECTIONS:
            if entry.get("1", {}).get("p50", 0) > SLOW:
                entry[str(connections)] = {"fault": "too slow at one connection"}
                continue
            taken = self.taken.setdefault((str(operation), connections), Measured())
            try:
                self._take(operation, connections, taken)
                entry[str(connections)] = taken.result()
            except Wrong as fault:
                del self.taken[str(operation), connections]
                entry[str(connections)] = {"fault": str(fault)}
                print(f"\n{operation}, {connections} connections: {str(fault)[-300:]}", file=sys.stderr)
                time.sleep(PAUSE)  # what was asked is still being worked on
        return entry

    def _take(self, operation: Operation, connections: int, taken: Measured) -> None:
        if not taken.times:
            self._warm(operation)
        drain = _drained if operation.writes else None
        if drain:
            pairing.wait(drain)
        pairing.measure(
            self.client, self.processes, str(operation), connections, self.options.effort, drain=drain, into=taken
        )

    def _warm(self, operation: Operation) -> None:
        """Have both web processes load what they need; what is slow shows it by then."""
        for connections, least in ((4, 1), (8, TARGETS)):  # the first look at a row may write that it has been read
            if self.client.ask(run=str(operation), connections=connections, seconds=0, least=least)["wall"] > 1:
                break

    def _bare(self, connections: int) -> dict[str, Any]:
        """The bare views' own figures beside all operations."""
        taken = [one for (_, n), one in self.taken.items() if n == connections]
        return {
            view: {
                "p50": round(statistics.median(statistics.median(one.bare[view]) for one in having), 3),
                "p95": round(statistics.median(statistics.quantiles(one.bare[view], n=20)[-1] for one in having), 3),
                "cpu": round(statistics.median(one.bare_milliseconds(view) for one in having), 3),
                "cpu_client": round(statistics.median(one.client_milliseconds() for one in having), 3),
            }
            for view in (SELECT, INSERT)
            if (having := [one for one in taken if view in one.bare])
        }


@contextmanager
def _others(processes: probes.Desk, taken: dict[tuple[str, int], Measured]) -> Iterator[list[float]]:
    """How many cores everything else on the machine uses meanwhile: where that is much, processor time tells more than time."""

    def ours() -> float:
        return sum(processes.seconds().values()) + time.process_time()

    found: list[float] = []
    began, busy, before = time.monotonic(), probes.busy(), ours()
    yield found
    client = sum(one.cpu["client"] + one.bare_client for one in taken.values())
    used = probes.busy() - busy - (ours() - before) - client
    found.append(round(max(0.0, used / (time.monotonic() - began)), 2))


def _introduce(
    client: Client, bare_port: int, operations: Sequence[Operation], scene: Scene, counts: dict[str, Any]
) -> None:
    """Tell the client everything that it will send."""
    head = "HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    body = '{"subject": "Order 17 has not arrived"}'
    written = f"POST /insert {head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    client.ask(know=SELECT, port=bare_port, rounds=[[{"raw": f"GET /select {head}\r\n", "status": 200, "least": 2000}]])
    client.ask(know=INSERT, port=bare_port, rounds=[[{"raw": written, "status": 201, "least": 30}]])
    for operation in operations:
        lengths = counts[str(operation)][1]
        client.ask(
            know=str(operation),
            port=served.PORT,
            rounds=[
                [
                    # Threads differ in length; an answer that says nothing is shorter than any.
                    {"raw": request.raw(), "status": request.status, "least": min(length // 4, 200)}
                    for request, length in zip(steps, lengths, strict=True)
                ]
                for steps in operation.rounds(scene)
            ],
        )


def _drained() -> bool:
    """Whether the worker has nothing left that is due."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM accounts_dispatch WHERE due_at <= now()) AND NOT EXISTS (SELECT FROM accounts_queuedmail"
            " WHERE last_error = '') AND NOT EXISTS (SELECT FROM conversations_delivery WHERE state = 'sending' AND code = '')"
            " AND NOT EXISTS (SELECT FROM procrastinate_jobs"
            " WHERE status IN ('todo', 'doing') AND (scheduled_at IS NULL OR scheduled_at <= now()))"
        )
        return bool(cursor.fetchone()[0])


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)
