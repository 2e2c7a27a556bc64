"""The benchmark measures what it says: its operations are answered as they should be. How fast is no test's business."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from xml.etree import ElementTree

import pytest

from accounts import clock
from conversations.demo.bulk import Plan, fill
from tests.benchmarks import drawing, report, statements
from tests.benchmarks.load import Client, Wrong
from tests.benchmarks.operations import OPERATIONS
from tests.benchmarks.scene import arranged


@pytest.mark.django_db
def test_each_operation_sends_its_requests_and_is_answered_as_it_should_be() -> None:
    fill(Plan(conversations=500, messages_per_conversation=5, agents=5, seed=1, now=clock.now()))
    scene = arranged()
    for operation in OPERATIONS:
        count, lengths = statements.counted(operation, scene)  # raises NotProven
        assert count > 0
        assert len(lengths) == len(operation.rounds(scene)[0])


class Answers(BaseHTTPRequestHandler):
    """200 with two bytes, and 404 with none."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b"{}" if self.path == "/there" else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


@pytest.fixture
def client() -> Iterator[Client]:
    one = Client()
    yield one
    one.close()


def step(path: str, least: int) -> dict[str, Any]:
    return {"raw": f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "status": 200, "least": least}


def test_client_tells_the_time_of_every_round_it_was_asked_for(client: Client, port: int) -> None:
    client.ask(know="one", port=port, rounds=[[step("/there", 2), step("/there", 2)]])
    ran = client.ask(run="one", connections=3, seconds=0, least=20)
    assert 20 <= len(ran["times"]) <= 22
    assert min(ran["times"]) > 0
    assert ran["cpu"] > 0


@pytest.mark.parametrize(("path", "least"), [("/away", 0), ("/there", 3)])
def test_client_refuses_answers_of_another_status_or_too_short(
    client: Client, port: int, path: str, least: int
) -> None:
    client.ask(know="one", port=port, rounds=[[step(path, least)]])
    with pytest.raises(Wrong, match=r"HTTP/1\.1 [24]"):
        client.ask(run="one", connections=1, seconds=0, least=1)


def entry(ratio: float, cpu_ratio: float) -> dict[str, Any]:
    taken = {"p50": ratio, "p95": ratio, "ratio": ratio, "cpu_ratio": cpu_ratio}
    return {"group": "Reads", "statements": 3, "1": taken, "8": taken}


def results(ratio: float, cpu_ratio: float) -> dict[str, Any]:
    bare = {"bare SELECT": {"p50": 1.0, "p95": 1.5, "cpu": 0.9, "cpu_client": 0.1}}
    memory = {"ours": 200.0, "web": 100.0, "worker": 50.0, "database": 80.0}
    size = {
        "bare": {"1": bare, "8": bare},
        "operations": {"list": entry(ratio, cpu_ratio)},
        "memory": {"at_rest": memory, "after": memory},
        "others": 0.0,
    }
    machine = {
        "commit": "abc",
        "at": "today",
        "cores": 2,
        "memory_gib": 8.0,
        "postgresql": "18",
        "python": "3",
        "django": "5",
    }
    return {"machine": machine, "sizes": {"1000": size, "100000": size, "1000000": size}}


@pytest.mark.parametrize(
    ("ratio", "cpu_ratio", "marked"),
    [(10.5, 10.0, "was"), (12.0, 12.0, "10.0 +20% WORSE"), (12.0, 10.0, "10.0 (+20%)"), (8.0, 8.0, "was")],
)
def test_what_is_a_tenth_worse_than_the_kept_run_is_marked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ratio: float, cpu_ratio: float, marked: str
) -> None:
    monkeypatch.setattr(report, "kept", lambda: results(10.0, 10.0))
    report.show(results(ratio, cpu_ratio), keep=False)
    shown = capsys.readouterr().out
    assert marked in shown
    assert ("%" in shown.split("1,000 conversations")[1]) == (ratio > 11)


@pytest.mark.parametrize("look", drawing.LOOKS, ids=lambda look: look.name)
def test_curves_are_one_line_for_each_operation(look: drawing.Look) -> None:
    tree = ElementTree.fromstring(drawing.picture(results(12.0, 12.0), look))
    lines = tree.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [3]
