"""How fast a chat is: `python -m tests.benchmarks.chat`.

From a customer's message to the agent's inbox and back, the first answer of the assistant, what chats cost that are open and silent,
and the sizes of what a page loads.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import statistics
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import httpx2

from tests.benchmarks import apart
from tests.benchmarks.apart import WORKSPACE
from tests.benchmarks.probes import Desk
from tests.runtime.machine import ROOT, manage, processes

HOME = ROOT / ".desk" / "chat-bench"
SAMPLES, QUESTIONS, IDLE, SETTLE = 60, 30, 1000, 10.0

ARTICLES = """
from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.knowledge import actions
workspace = Workspace.objects.get(slug="acme")
act = {"by": Actor.system(workspace.pk), "at": clock.now()}
with tenancy.scope(workspace):
    for name in ("gate", "pump", "lamp", "sensor", "battery"):
        row = actions.create_article(workspace=workspace, title=f"How do I reset the {name}?", visibility="public",
                                     body=f"Hold the button of the {name} for ten seconds.", **act)
        actions.publish_article(article=row, **act)
"""
SESSIONS = """
from accounts import clock, tenancy
from conversations.chat import actions, queries, sessions
widget = queries.find({key!r})
with tenancy.scope(widget.workspace):
    for number in range({count}):
        opened = actions.start_session(widget=widget, by=sessions.visitor(widget), at=clock.now())
        print("token", opened.token)
"""


def main() -> None:
    """Measure, and print the figures as JSON."""
    with apart.desk(HOME) as (base, more):
        print(json.dumps(_measured(base, more), indent=1))


def _measured(base: str, more: dict[str, str]) -> dict[str, Any]:
    key, asked = (_widget(name, more, *flags) for name, flags in (("People", ()), ("Machine", ("--assistant-first",))))
    manage(HOME, "shell", "-v", "0", "-c", ARTICLES, **more)
    return {
        "sizes": _sizes(base, key),
        "talk": _talk(base, key),
        "assistant": _assistant(base, asked),
        "idle": _idle(key, more),
    }


def _widget(name: str, more: dict[str, str], *flags: str) -> str:
    printed = manage(HOME, "create_widget", "--workspace", WORKSPACE, "--name", name, *flags, **more)
    return printed.strip().splitlines()[-1]


def _sizes(base: str, key: str) -> dict[str, int]:
    """Bytes, gzipped: the loader with its settings, and the frame with all that it loads."""
    page = httpx2.get(f"{base}/widget/{key}/").text
    parts = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
    for one in list(parts):
        folder = one.rpartition("/")[0]
        parts |= {
            f"{folder}/{name}" for name in re.findall(r"""from ['"]\./([^'"]+)['"]""", httpx2.get(base + one).text)
        }
    return {
        "loader": _zipped([httpx2.get(f"{base}/widget.js").text]),
        "config": _zipped([httpx2.get(f"{base}/widget/{key}/config.js").text]),
        "frame": _zipped([page, *(httpx2.get(base + one).text for one in sorted(parts))]),
    }


def _zipped(texts: Iterable[str]) -> int:
    return sum(len(gzip.compress(text.encode())) for text in texts)


class Visitor:
    """A browser with a chat, and its stream."""

    def __init__(self, base: str, key: str, text: str) -> None:
        self.http = httpx2.Client(base_url=f"{base}/widget/{key}/api", headers={"Origin": base}, timeout=60)
        self.id = str(uuid.uuid4())
        message = {"id": str(uuid.uuid4()), "text": text}
        answer = self.http.post("conversations", json={"id": self.id, "message": message}).raise_for_status().json()
        self.http.headers["Authorization"] = f"Bearer {answer['token']}"
        self.number = 0

    def write(self, text: str) -> None:
        body = {"id": str(uuid.uuid4()), "text": text}
        answer = self.http.post(f"conversations/{self.id}/messages", json=body)
        answer.raise_for_status()

    def texts(self) -> list[tuple[str, str]]:
        thread = self.http.get(f"conversations/{self.id}").raise_for_status().json()
        return [(one["author"]["kind"], one["text"]) for one in thread["messages"]]


def _talk(base: str, key: str) -> dict[str, Any]:
    """A customer's message until the agent's inbox has fetched it, and a reply until the frame has."""
    there, back = [], []
    with apart.signed_in(base) as agent:
        visitor = Visitor(base, key, "Hello")
        thread = f"/w/{WORKSPACE}/inbox/1"
        with (
            agent.stream("GET", f"/w/{WORKSPACE}/inbox/stream") as inbox,
            visitor.http.stream("GET", "stream") as frame,
        ):
            events, signals = inbox.iter_lines(), frame.iter_lines()
            next(events), next(signals)
            for number in range(SAMPLES + 5):
                time.sleep(2.05)  # thirty a minute are let in
                pane = agent.get(thread).text
                since = {name: _found(rf'data-{name}="(\d+)"', pane) for name in ("message", "event")}
                began = time.perf_counter()
                visitor.write(f"Question {number}")
                shown = ""
                while f"Question {number}" not in shown:
                    _wait_for(events)
                    shown = agent.get(f"{thread}/fresh", params=since).text
                there.append(time.perf_counter() - began)
                pane = agent.get(thread).text
                reply = {
                    "csrfmiddlewaretoken": apart.token(pane),
                    "body": f"Answer {number}",
                    "send_id": str(uuid.uuid4()),
                }
                reply["expected_last"] = _found(r'name="expected_last"[^>]*value="(\d+)"', pane)
                began = time.perf_counter()
                agent.post(f"{thread}/reply", data=reply, headers={"Referer": base}).raise_for_status()
                while True:
                    _wait_for(signals)
                    if ("agent", f"Answer {number}") in visitor.texts():
                        break
                back.append(time.perf_counter() - began)
    return {"to_agent_ms": _spread(there[5:]), "to_customer_ms": _spread(back[5:])}


def _wait_for(lines: Iterator[str]) -> None:
    """Wait until a stream says something."""
    while not next(lines).startswith("data:"):
        pass


def _assistant(base: str, key: str) -> dict[str, float]:
    """From a question until its answer of the assistant has been fetched."""
    times = []
    names = ("gate", "pump", "lamp", "sensor", "battery")
    for number in range(QUESTIONS + 2):
        began = time.perf_counter()
        visitor = Visitor(base, key, f"How do I reset the {names[number % 5]}?")
        with visitor.http.stream("GET", "stream") as frame:
            signals = frame.iter_lines()
            while not any(kind == "assistant" for kind, _ in visitor.texts()):
                _wait_for(signals)
        times.append(time.perf_counter() - began)
        time.sleep(2.05)
    return _spread(times[2:])


def _idle(key: str, more: dict[str, str]) -> dict[str, float]:
    """A thousand frames whose streams are open, and in which nothing happens."""
    printed = manage(HOME, "shell", "-v", "0", "-c", SESSIONS.format(key=key, count=IDLE), **more)
    port = int(more["PORT"])
    tokens = re.findall(r"^token (\S+)$", printed, re.M)
    desk = Desk(HOME, bare=processes(HOME)[0])
    before, streams = desk.memory(), []
    for token in tokens:
        stream = socket.create_connection(("127.0.0.1", port))
        stream.sendall(
            f"GET /widget/{key}/api/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        streams.append(stream)
    for stream in streams:
        assert b" 200 " in stream.recv(65536).split(b"\r\n")[0]
    time.sleep(SETTLE)
    after, used = desk.memory(), desk.seconds()
    time.sleep(SETTLE)
    spent = {name: seconds - used[name] for name, seconds in desk.seconds().items()}
    for stream in streams:
        stream.close()
    return {
        "count": len(tokens),
        "kib_each": round((after["web"] - before["web"]) * 1024 / len(tokens), 1),
        "web_cpu_percent": round(spent["web"] / SETTLE * 100, 2),
        "database_cpu_percent": round(spent["database"] / SETTLE * 100, 2),
    }


def _found(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    assert found, pattern
    return found[1]


def _spread(seconds: list[float]) -> dict[str, float]:
    times = sorted(one * 1000 for one in seconds)
    return {"p50": round(statistics.median(times), 1), "p95": round(times[int(len(times) * 0.95)], 1)}


if __name__ == "__main__":
    main()
