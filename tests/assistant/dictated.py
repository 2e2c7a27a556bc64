"""An OpenAI-compatible service whose pace the test sets: a piece of an answer is sent when the test says so."""

from __future__ import annotations

import itertools
import json
import queue
import re
import secrets
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.runtime.machine import DEADLINE

_TOKEN = re.compile(r"q-[0-9a-f]{8}")


def question() -> str:
    """A question that the provider knows again."""
    return f"Where is the order of q-{secrets.token_hex(4)}?"


class Call:
    """One request for an answer, which the test dictates."""

    def __init__(self) -> None:
        self.text = ""
        self.dropped = threading.Event()  # the desk has hung up
        self._pieces: queue.Queue[str | None] = queue.Queue()

    def say(self, piece: str = "word ") -> None:
        self.text += piece
        self._pieces.put(piece)

    def end(self, piece: str = "The end.") -> str:
        """Say the last piece; returns the whole answer."""
        self.say(piece)
        self._pieces.put(None)
        return self.text

    def pieces(self) -> Iterator[str]:
        while (piece := self._pieces.get()) is not None:
            yield piece

    def give_up(self) -> None:
        self._pieces.put(None)


class Provider:
    """The service. What is asked about a question that `answers_itself` is answered at once."""

    def __init__(self) -> None:
        self._open: defaultdict[str, list[Call]] = defaultdict(list)
        self._waiting: defaultdict[str, queue.Queue[Call]] = defaultdict(queue.Queue)
        self._own: set[str] = set()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.provider = self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def call(self, content: str) -> Call:
        """The next call about a question, as soon as it comes."""
        return self._waiting[_token(content)].get(timeout=DEADLINE)

    def answers_itself(self, content: str) -> None:
        """From now on; a call that is open is ended too."""
        with self._lock:
            self._own.add(_token(content))
            for call in self._open.get(_token(content), ()):
                call.end()

    def asked(self, body: str) -> Call:
        token, call = _token(body), Call()
        with self._lock:
            self._open[token].append(call)
            if token in self._own:
                call.end("At once.")
        self._waiting[token].put(call)
        return call

    @contextmanager
    def serving(self) -> Iterator[Provider]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            for call in itertools.chain(*self._open.values()):
                call.give_up()
            thread.join()


def _token(text: str) -> str:
    """The last question that is named: those before it are the thread."""
    return _TOKEN.findall(text)[-1]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    provider: Provider

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A worker that was killed hangs up in the middle."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        call = self.server.provider.asked(body)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            for piece in call.pieces():
                chunk = json.dumps({"choices": [{"delta": {"content": piece}}]})
                self.wfile.write(f"data: {chunk}\n\n".encode())
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            call.dropped.set()

    def log_message(self, *_: Any) -> None:
        pass
