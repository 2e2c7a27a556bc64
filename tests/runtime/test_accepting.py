"""Connections are shared evenly by the processes that listen on one socket, and none is lost where one of them hangs."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvloop

from config.server import accepting
from config.server.accepting import Accepting
from config.server.metrics import PLACE, Metrics
from tests.runtime.machine import DEADLINE, eventually


class Counted(asyncio.Protocol):
    """What a web process does with a connection, as far as it is counted."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics

    def connection_lost(self, error: Exception | None) -> None:
        self.metrics.disconnected()


class Process:
    """An event loop of its own that takes connections; its count stands in memory that it shares."""

    def __init__(self, listener: socket.socket, memory: memoryview[float], place: int) -> None:
        self.metrics = Metrics(("a",), memory, place)
        self.listener = listener
        self.loop = uvloop.new_event_loop()
        self.thread = threading.Thread(target=self.run)
        self.stopped = asyncio.Event()
        self.has_begun = threading.Event()

    @property
    def count(self) -> float:
        return self.metrics._own[2]

    def run(self) -> None:
        self.loop.run_until_complete(self.serve())

    async def serve(self) -> None:
        own = Accepting(self.listener, lambda: Counted(self.metrics), self.metrics)
        self.has_begun.set()
        await self.stopped.wait()
        own.close()

    @contextmanager
    def running(self) -> Iterator[None]:
        self.thread.start()
        try:
            assert self.has_begun.wait(DEADLINE)
            yield
        finally:
            self.loop.call_soon_threadsafe(self.stopped.set)
            self.thread.join(DEADLINE)
            self.loop.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture
def two(listener: socket.socket) -> tuple[Process, Process]:
    memory = memoryview(bytearray(2 * PLACE * 8)).cast("d")
    # One file for each, as two processes have: both wait for it in a loop of their own.
    return Process(listener, memory, 0), Process(listener.dup(), memory, 1)


@contextmanager
def connected(listener: socket.socket, times: int) -> Iterator[list[socket.socket]]:
    clients = [socket.create_connection(listener.getsockname(), timeout=DEADLINE) for _ in range(times)]
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


def test_connections_are_shared_evenly(
    listener: socket.socket, two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "MOMENTS", 10**9)  # however busy the machine is, the other comes first
    one, other = two
    with one.running(), other.running(), connected(listener, 8) as clients:
        eventually(lambda: one.count + other.count == 8, "the connections")
        assert (one.count, other.count) == (4, 4)
        for client in clients[:4]:
            client.close()
        eventually(lambda: one.count + other.count == 4, "the end of four of them")


def test_process_that_takes_none_costs_the_others_no_connection(
    listener: socket.socket, two: tuple[Process, Process]
) -> None:
    one, hanging = two
    with one.running(), connected(listener, 20):
        eventually(lambda: one.count == 20, "all connections")
        assert hanging.count == 0


def test_only_process_waits_for_nobody(
    listener: socket.socket, two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "MOMENTS", 10**9)
    alone = Process(listener, memoryview(bytearray(PLACE * 8)).cast("d"), 0)
    with alone.running(), connected(listener, 20):
        eventually(lambda: alone.count == 20, "all connections")


def test_connection_is_taken_as_soon_as_the_system_allows_it_again(
    listener: socket.socket, two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = iter([OSError(24, "Too many open files"), OSError(24, "Too many open files")])

    class Refusing(socket.socket):
        def accept(self) -> tuple[socket.socket, object]:
            for error in refusals:
                raise error
            return super().accept()

    monkeypatch.setattr(accepting, "PAUSE", 0.01)
    process = Process(Refusing(fileno=listener.dup().detach()), memoryview(bytearray(PLACE * 8)).cast("d"), 0)
    with process.running(), connected(listener, 1):
        eventually(lambda: process.count == 1, "the connection")
    assert next(refusals, None) is None
