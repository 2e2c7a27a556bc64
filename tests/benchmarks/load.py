"""The client: closed loops over kept-alive connections, in a process of its own, as lean as Python allows.

A loop sends its next request when it has the whole answer to the one before. It knows nothing of Django, and shares the
machine with the servers, so what it costs itself is part of every result (`cpu`).

Commands come as lines of JSON on standard input, and each is answered by one line:

    {"know": NAME, "port": N, "rounds": [[{"raw": TEXT, "status": N, "least": BYTES}, …], …]}
    {"run": NAME, "connections": N, "seconds": S, "least": COUNT}
        → {"times": [milliseconds of each round, …], "wall": S, "cpu": S}
    {"open": NAME, "count": N}      streams that stay open; → {"times": [milliseconds to the first event, …]}
    {"close": true}                 them again
"""

from __future__ import annotations

import json
import resource
import selectors
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from config.server.processes import ends_with_parent


class Wrong(Exception):
    """An answer that is not what its request asks for."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it goes over the wire, and what its answer must at least be."""

    raw: bytes
    status: int
    least: int  # bytes of its body


@dataclass(slots=True)
class Plan:
    """An operation's rounds, which all loops go through together, again and again."""

    port: int
    rounds: list[list[Sent]]
    next: int = 0

    def draw(self) -> list[Sent]:
        self.next += 1
        return self.rounds[self.next % len(self.rounds)]


class Loop:
    """One connection."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.socket = socket.create_connection(("127.0.0.1", plan.port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.round: list[Sent] = []
        self.step = 0
        self.began = 0.0
        self.received = b""
        self.head = self.whole = 0  # bytes of the answer's head, and of all of it, once the head has come

    def begin(self) -> None:
        self.round, self.step = self.plan.draw(), 0
        self.began = time.perf_counter()
        self.socket.sendall(self.round[0].raw)

    def read(self) -> float | None:
        """Take what has come; the milliseconds of the round when that ends it."""
        piece = self.socket.recv(262_144)
        if not piece:
            raise Wrong(f"the connection was closed after {self.received[:300]!r}")
        self.received = self.received + piece if self.received else piece
        if not self.whole and not self._head():
            return None
        if len(self.received) < self.whole:
            return None
        sent = self.round[self.step]
        if int(self.received[9:12]) != sent.status or self.whole - self.head < sent.least:
            raise Wrong(f"{sent.raw[:300]!r} was answered by {self.received[:700]!r}")
        self.received, self.whole = b"", 0
        self.step += 1
        if self.step < len(self.round):
            self.socket.sendall(self.round[self.step].raw)
            return None
        return (time.perf_counter() - self.began) * 1000

    def _head(self) -> bool:
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self.received[:end].lower()
        _, _, length = head.partition(b"\r\ncontent-length:")
        if not length:
            raise Wrong(f"an answer without a length: {head!r}")
        self.head = end + 4
        self.whole = self.head + int(length.split(b"\r\n", 1)[0])
        return True


def run(plan: Plan, connections: int, seconds: float, least: int) -> dict[str, Any]:
    """Closed loops for so long, and until so many rounds have ended. A round that has begun is finished, and counts."""
    loops = [Loop(plan) for _ in range(connections)]  # anew, so that the server's processes are drawn anew
    times: list[float] = []
    with selectors.DefaultSelector() as ready:
        for loop in loops:
            ready.register(loop.socket, selectors.EVENT_READ, loop)
        cpu, began = time.process_time(), time.perf_counter()
        end, running = began + seconds, len(loops)
        for loop in loops:
            loop.begin()
        while running:
            for key, _ in ready.select(60):
                loop = key.data
                if (took := loop.read()) is None:
                    continue
                times.append(took)
                if time.perf_counter() < end or len(times) < least:
                    loop.begin()
                else:
                    running -= 1
        result = {"times": times, "wall": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    for loop in loops:
        loop.socket.close()
    return result


@dataclass(slots=True)
class Process:
    """What the commands share."""

    plans: dict[str, Plan] = field(default_factory=dict)
    streams: list[socket.socket] = field(default_factory=list)

    def do(self, command: dict[str, Any]) -> dict[str, Any]:
        if name := command.get("know"):
            rounds = [
                [Sent(one["raw"].encode(), one["status"], one["least"]) for one in steps] for steps in command["rounds"]
            ]
            self.plans[name] = Plan(command["port"], rounds)
            return {}
        if name := command.get("run"):
            return run(self.plans[name], command["connections"], command["seconds"], command["least"])
        if name := command.get("open"):
            return {"times": [self._open(self.plans[name]) for _ in range(command["count"])]}
        for stream in self.streams:
            stream.close()
        self.streams.clear()
        return {}

    def _open(self, plan: Plan) -> float:
        sent = plan.draw()[0]
        began = time.perf_counter()
        stream = socket.create_connection(("127.0.0.1", plan.port), timeout=60)
        stream.sendall(sent.raw)
        received = b""
        while b"data: " not in received:
            piece = stream.recv(65536)
            received += piece
            if not piece or not received.startswith(b"HTTP/1.1 200"):
                raise Wrong(f"no stream: {received[:500]!r}")
        self.streams.append(stream)
        return (time.perf_counter() - began) * 1000


class Client:
    """The process, seen from the one that measures."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=ends_with_parent(15),
        )

    def ask(self, **command: Any) -> dict[str, Any]:
        """Raises Wrong with the client's words."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline() or '{"fault": "the client has ended"}')
        if fault := answer.get("fault"):
            raise Wrong(fault)
        return answer

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    process = Process()
    for line in sys.stdin:
        try:
            answer = process.do(json.loads(line))
        except (Wrong, OSError) as error:
            answer = {"fault": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
