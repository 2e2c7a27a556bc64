"""A line between the desk and a server, which can be cut, go silent, or change what the server says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Proxy:
    """Passes connections on to a port of this machine. `changed` is applied to whatever the server sends."""

    def __init__(self, target: int, changed: Callable[[bytes], bytes] | None = None) -> None:
        self.changed = changed or (lambda data: data)
        self.changed_sent: Callable[[bytes], bytes] = lambda data: data  # applied to what the desk sends
        self.connections = 0
        self.cut_after: int | None = None  # bytes from the server, counted from when it is set
        self.cut_after_sent: int | None = None  # the same of what the desk sends
        self.is_silent = threading.Event()  # nothing is passed on, and nobody notices
        self.pause = 0.0  # seconds before each piece from the server
        self.sent = bytearray()  # what the desk has sent
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._paused = threading.Event()
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def cut(self) -> None:
        """End all connections, as a server that is killed does."""
        with self._lock:
            for one in self._open:
                _end(one)
            self._open.clear()

    def serve(self) -> None:
        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            theirs = socket.create_connection(("127.0.0.1", self._target))
            self.connections += 1
            with self._lock:
                self._open += [ours, theirs]
            threading.Thread(target=self._pass, args=(ours, theirs, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(theirs, ours, True), daemon=True).start()

    def stop(self) -> None:
        self._paused.set()
        _end(self._listener)
        self.cut()

    def _pass(self, source: socket.socket, target: socket.socket, is_server: bool) -> None:
        try:
            while data := source.recv(4096):
                if self.is_silent.is_set():
                    continue
                if not is_server:
                    data = self.changed_sent(data)
                    self.sent += data
                    if self.cut_after_sent is not None and (left := self.cut_after_sent - len(data)) < 0:
                        self.cut()
                        return
                    self.cut_after_sent = left if self.cut_after_sent is not None else None
                    target.sendall(data)
                    continue
                self._paused.wait(self.pause)
                data = self.changed(data)
                if self.cut_after is not None:
                    self.cut_after -= len(data)
                    if self.cut_after < 0:
                        self.cut_after = None
                        self.cut()
                        return
                target.sendall(data)
        except OSError:
            pass  # one of the two is gone
        if not self.is_silent.is_set():
            _end(target)


@contextmanager
def before(port: int, changed: Callable[[bytes], bytes] | None = None) -> Iterator[Proxy]:
    """A line to the server on that port."""
    proxy = Proxy(port, changed)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join(timeout=60)


def _end(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # not connected
    one.close()
