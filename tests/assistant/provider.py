"""An OpenAI-compatible endpoint on loopback that does what a script says, down to the bytes and the way it hangs up.

Each request takes the next script: steps that are bytes to send, an event to wait for, `RESET`, or one of the endless
kinds, which go on until the client hangs up. After its last step the connection is closed.
"""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 10.0  # seconds that a script waits for an event before its test has failed anyway


class Reset:
    """Hang up so that the client sees a connection reset."""


RESET = Reset()


@dataclass(frozen=True)
class Endless:
    """The same bytes again and again, `every` so many seconds."""

    piece: bytes
    every: float = 0.0


Step = bytes | threading.Event | Reset | Endless


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: Any

    @property
    def messages(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.body["messages"]
        return found

    @property
    def system(self) -> str:
        return self.messages[0]["content"]


@dataclass
class Provider:
    """The endpoint, its scripts and what it has seen."""

    url: str = ""
    scripts: list[list[Step]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)
    """The client closed the connection while a script was still sending."""
    closing: threading.Event = field(default_factory=threading.Event)

    def script(self, *steps: Step) -> None:
        """What the next request that has no script yet is answered with."""
        self.scripts.append([*steps])


def head(status: int = 200, content_type: str = "text/event-stream", **headers: str) -> bytes:
    """Status line and headers of an answer that ends when the connection does."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {content_type}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def event(**values: Any) -> bytes:
    """An event of a stream with these values."""
    return b"data: " + json.dumps(values).encode() + b"\n\n"


def piece(text: str | None, finish: str | None = None, **values: Any) -> bytes:
    """An event that adds to the text, or ends it."""
    return event(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": finish}], **values)


def figures(prompt: Any, completion: Any, **values: Any) -> bytes:
    """The event that tells what a stream used."""
    return event(choices=[], usage={"prompt_tokens": prompt, "completion_tokens": completion}, **values)


DONE = b"data: [DONE]\n\n"
END = piece(None, "stop") + DONE


def streamed(*texts: str) -> bytes:
    """A whole answer in pieces."""
    return head() + b"".join(map(piece, texts)) + END


def whole(text: Any, finish: str = "stop", **values: Any) -> bytes:
    """A whole answer that is not streamed."""
    choices = [{"message": {"role": "assistant", "content": text}, "finish_reason": finish}]
    return head(content_type="application/json") + json.dumps({"choices": choices, **values}).encode()


@contextmanager
def running() -> Iterator[Provider]:
    """An endpoint on a port of its own."""
    provider = Provider()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            request = self.rfile.readline().decode().split(" ")
            if len(request) != 3:
                return  # a client that hung up before it asked anything
            headers = {}
            while line := self.rfile.readline().decode().strip():
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
            body = json.loads(self.rfile.read(int(headers["content-length"])))
            provider.seen.append(Seen(request[1], headers, body))
            steps = provider.scripts.pop(0) if provider.scripts else [head(599)]
            try:
                for step in steps:
                    self._do(step)
            except OSError:
                provider.hung_up.set()

        def _do(self, step: Step) -> None:
            if isinstance(step, bytes):
                self.connection.sendall(step)
            elif isinstance(step, threading.Event):
                step.wait(PATIENCE)
            elif isinstance(step, Reset):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # The files of the handler hold the socket open; only its descriptor's end sends the reset.
                self.rfile.close()
                self.wfile.close()
                self.connection.close()
            else:
                while not provider.closing.wait(step.every):
                    self.connection.sendall(step.piece)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        provider.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        try:
            yield provider
        finally:
            provider.closing.set()
            server.shutdown()
