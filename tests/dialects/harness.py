"""Plays examples of wire formats against a running desk, and says where an answer differs from what is documented.

An example is a file `conversations/dialects/<name>/examples/*.json`: a title, where its calls are documented
(`documented_at`), the facts it begins with (`seed`, see `scene`) and its `steps`, each a request and the exact answer:

    {"request": {"method": "POST", "path": "/api/…", "headers": {…}, "body": {…}},
     "response": {"status": 201, "headers": {…}, "body": {…}}}

Requests may name values as `{{order.id}}`. In an answer, `"<uuid>"`, `"<moment:ms>"`, `"<moment:s>"`, `"<int>"` and
`"<string>"` stand for any value of that shape, and `"<capture:NAME>"` keeps the value the first time, to be named in
later requests and to be the same in later answers. `{"<like>": NAME, …}` is that shape of the format's `fragments.json`,
with the values that are named beside it in place of its own. Headers are a subset; null means absent. A request may give `raw`
text instead of a JSON `body`; an answer that is no JSON is compared as `text`.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from django.urls import URLPattern, URLResolver

from config.server.listening import FILE
from config.server.processes import ends_with_parent
from conversations.api import discovery
from tests.dialects.scene import Scene
from tests.runtime import scratch
from tests.runtime.machine import stop

ROOT = Path(__file__).resolve().parents[2]
FORMATS = ROOT / "conversations" / "dialects"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
SHAPES: dict[str, re.Pattern[str]] = {
    "uuid": UUID,
    "moment:ms": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
    "moment:s": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "string": re.compile(r"(?s:.+)"),
}
LIKE = "<like>"
_SHAPE = re.compile(r"<([a-z]+(?::[A-Za-z_]+)?)>")


# --- Matching -----------------------------------------------------------------------------------


class Differs(AssertionError):
    """The answer is not the documented one; says where and how."""


def match(expected: Any, actual: Any, scene: Scene, at: str = "body") -> None:
    """Raises Differs unless the value is as expected, placeholders considered."""
    if isinstance(expected, dict):
        if not isinstance(actual, dict) or set(expected) != set(actual):
            keys = sorted(actual) if isinstance(actual, dict) else actual
            raise Differs(f"{at}: expected the keys {sorted(expected)}, got {keys!r}")
        for name, inner in expected.items():
            match(inner, actual[name], scene, f"{at}.{name}")
    elif isinstance(expected, list):
        if not isinstance(actual, list) or len(expected) != len(actual):
            raise Differs(f"{at}: expected {len(expected)} items, got {actual!r}")
        for number, (one, other) in enumerate(zip(expected, actual, strict=True)):
            match(one, other, scene, f"{at}[{number}]")
    elif isinstance(expected, str) and (shape := _SHAPE.fullmatch(expected)) is not None:
        _match_shape(shape[1], actual, scene, at)
    else:
        wanted = scene.fill(expected)
        # True is 1 in Python, and not in JSON.
        if type(wanted) is not type(actual) or wanted != actual:
            raise Differs(f"{at}: expected {wanted!r}, got {actual!r}")


def _match_shape(shape: str, actual: Any, scene: Scene, at: str) -> None:
    kind, _, name = shape.partition(":")
    if kind == "capture":
        if name in scene.names and scene.names[name] != actual:
            raise Differs(f"{at}: expected the {name} of before, {scene.names[name]!r}, got {actual!r}")
        scene.names[name] = actual
    elif kind == "int":
        if isinstance(actual, bool) or not isinstance(actual, int):
            raise Differs(f"{at}: expected an integer, got {actual!r}")
    elif not isinstance(actual, str) or SHAPES[shape].fullmatch(actual) is None:
        raise Differs(f"{at}: expected <{shape}>, got {actual!r}")


def match_text(expected: str, actual: str, scene: Scene) -> None:
    """The same for an answer that is no JSON."""
    parts = _SHAPE.split(scene.fill(expected))
    pattern = "".join(
        f"(?:{SHAPES[part].pattern})" if number % 2 else re.escape(part) for number, part in enumerate(parts)
    )
    if re.fullmatch(pattern, actual) is None:
        raise Differs(f"text: expected {expected!r}, got {actual!r}")


# --- Examples -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What came back over the wire."""

    status: int
    headers: http.client.HTTPMessage
    content: bytes


def send(base: str, request: dict[str, Any]) -> Answer:
    """One HTTP request, its path sent byte for byte as it is written."""
    headers = {name: str(value) for name, value in request.get("headers", {}).items()}
    body: bytes | None = None
    if "body" in request or "raw" in request:
        body = (request["raw"] if "raw" in request else json.dumps(request["body"])).encode()
        headers.setdefault("Content-Type", "application/json")
    where = urlsplit(base)
    wire = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    try:
        wire.request(request["method"], request["path"], body=body, headers=headers)
        response = wire.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        wire.close()


def play(example: dict[str, Any], base: str) -> int:
    """Play an example in a workspace of its own; returns how many requests it made. Raises Differs."""
    scene = Scene(example.get("seed", ()))
    for number, step in enumerate(example["steps"], 1):
        request, expected = scene.fill(step["request"]), step["response"]
        answer = send(base, request)
        try:
            _compare(expected, answer, scene)
        except Differs as error:
            call = f"step {number}, {request['method']} {request['path']}"
            raise Differs(
                f"{call}: {error}\n{answer.status} {answer.content[:2000].decode(errors='replace')}"
            ) from None
    return len(example["steps"])


def _compare(expected: dict[str, Any], answer: Answer, scene: Scene) -> None:
    if answer.status != expected["status"]:
        raise Differs(f"expected status {expected['status']}, got {answer.status}")
    for name, value in expected.get("headers", {}).items():
        if value is None:
            if name in answer.headers:
                raise Differs(f"expected no header {name}, got {answer.headers[name]!r}")
        else:
            match(value, answer.headers[name], scene, f"header {name}")
    if "body" in expected:
        try:
            body = json.loads(answer.content)
        except ValueError:
            raise Differs("expected JSON") from None
        match(expected["body"], body, scene)
    elif "text" in expected:
        match_text(expected["text"], answer.content.decode(), scene)


def examples() -> Iterator[tuple[str, Path]]:
    """Every example: the name of its format, and its file."""
    for dialect in discovery.all_dialects():
        for path in sorted((FORMATS / dialect.name / "examples").glob("*.json")):
            yield dialect.name, path


def read(path: Path) -> dict[str, Any]:
    """An example with the fragments of its format filled in. Raises KeyError for a fragment that there is not."""
    shared = path.parent.parent / "fragments.json"
    fragments = json.loads(shared.read_text()) if shared.exists() else {}
    example: dict[str, Any] = expanded(json.loads(path.read_text()), fragments)
    return example


def expanded(value: Any, fragments: dict[str, Any]) -> Any:
    """The value with its fragments filled in; what stands beside one replaces a value of it and adds none."""
    if isinstance(value, list):
        return [expanded(inner, fragments) for inner in value]
    if not isinstance(value, dict):
        return value
    own = {name: expanded(inner, fragments) for name, inner in value.items() if name != LIKE}
    if LIKE not in value:
        return own
    whole = expanded(fragments[value[LIKE]], fragments)
    assert own.keys() <= whole.keys(), f"{value[LIKE]} has no {', '.join(own.keys() - whole.keys())}"
    return {**whole, **own}


# --- Routes -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Route:
    """One documented operation: a method on a path with parameters such as `<str:conversation_id>`."""

    dialect: str
    method: str
    pattern: URLPattern
    prefix: str = ""

    @property
    def path(self) -> str:
        """The path, its parameters as `{conversation_id}`."""
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", self.prefix + str(self.pattern.pattern))

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    def answers(self, method: str, path: str) -> bool:
        """Whether a request goes to this operation."""
        wanted = urlsplit(path).path.lstrip("/")
        return (
            method == self.method
            and wanted.startswith(self.prefix)
            and self.pattern.resolve(wanted.removeprefix(self.prefix)) is not None
        )

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def routes() -> tuple[Route, ...]:
    """Every operation of every format."""
    return tuple(
        route for dialect in discovery.all_dialects() for route in _routes(dialect.name, dialect.urlpatterns, "")
    )


def _routes(dialect: str, patterns: Any, prefix: str) -> Iterator[Route]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(dialect, pattern.url_patterns, prefix + str(pattern.pattern))
        else:
            for method in getattr(pattern.callback, "actions", {}):
                if method != "head":
                    yield Route(dialect, method.upper(), pattern, prefix)


def route_of(dialect: str, method: str, path: str) -> Route | None:
    """The operation that answers a request, the first that matches as in Django."""
    return next((route for route in routes() if route.dialect == dialect and route.answers(method, path)), None)


# --- A running desk -----------------------------------------------------------------------------


@contextmanager
def desk() -> Iterator[str]:
    """A web process on a database of its own, a copy of the tests' empty one (see `on_the_desks_database`).

    Rows are committed there and stay, so that nothing has to be flushed and no other test sees them. Gives the base URL.
    """
    with desk_process() as (base, _):
        yield base


@contextmanager
def desk_process(suffix: str = "live", **environment: str) -> Iterator[tuple[str, int]]:
    """The same with settings of its own, and with the process's number."""
    ours = connection.settings_dict["NAME"]
    live = f"{ours}_{suffix}"
    connection.close()
    copy_database(ours, live)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.dialects.web_process"],
            cwd=ROOT,
            env=os.environ | {"LIVE_DATABASE": live, FILE: str(listener.fileno()), "LOG_LEVEL": "ERROR"} | environment,
            pass_fds=[listener.fileno()],
            preexec_fn=ends_with_parent(15),
        )
        try:
            wait_until_ready(base, process)
            yield base, process.pid
        finally:
            stop(process)
    connection.close()
    with maintenance() as cursor:
        scratch.drop(cursor, live)


def on_the_desks_database(suffix: str = "live") -> AbstractContextManager[None]:
    """This thread writes where the running desk reads; what it was doing on the tests' database waits meanwhile."""
    return scratch.asking(scratch.named(f"{connection.settings_dict['NAME']}_{suffix}"))


@contextmanager
def maintenance() -> Iterator[Any]:
    """A cursor in no database of ours."""
    with connection._nodb_cursor() as cursor:
        yield cursor


@contextmanager
def database_away(name: str) -> Iterator[None]:
    """PostgreSQL lets nobody into that database meanwhile, and has thrown everybody out."""
    with maintenance() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        scratch.throw_out(cursor, name)
    try:
        yield
    finally:
        with maintenance() as cursor:
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def copy_database(source: str, target: str) -> None:
    """A fresh copy in place of an older one."""
    with maintenance() as cursor:
        scratch.drop(cursor, target)
        # A database is copied only while nobody is in it; a test before may have left a connection behind.
        scratch.throw_out(cursor, source)
        cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')


def wait_until_ready(base: str, process: subprocess.Popen[bytes]) -> None:
    """Until the web process answers."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        assert process.poll() is None, f"the web process ended with status {process.returncode}"
        try:
            if send(base, {"method": "GET", "path": "/healthz"}).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError("the web process does not answer")
