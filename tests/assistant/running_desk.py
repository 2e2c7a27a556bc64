"""A desk whose parts may be killed: a web process and a worker on a database of their own, and streams over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import actions as account_actions
from accounts import clock
from config.server.listening import FILE
from config.server.processes import ends_with_parent
from conversations.assistant import choice as choices
from conversations.assistant import presence, runs
from conversations.models import AssistantRun
from tests.assistant.dictated import Call, Provider, question
from tests.dialects import harness
from tests.dialects.scene import Scene
from tests.runtime import scratch
from tests.runtime.machine import DEADLINE, eventually

SUFFIX = "runs"
PATH = "/api/environments/@current/conversations"
JSON = {"Accept": "application/json"}


class Desk:
    """The processes. Each part is started anew by the test that killed it."""

    def __init__(self, database: str, listener: socket.socket, provider: Provider) -> None:
        self.database, self.provider = database, provider
        self.base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._listener = listener
        self.web: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def start_web(self) -> None:
        self.web = self._start("tests.dialects.web_process", PGAPPNAME="web")
        harness.wait_until_ready(self.base, self.web)

    def kill_web(self) -> None:
        assert self.web is not None
        _kill(self.web)

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Returns when the worker is there."""
        before = presence.alive()
        process = self._start("tests.assistant.worker_process", PGAPPNAME="worker")
        self.workers.append(process)
        eventually(lambda: presence.alive() - before or process.poll() is not None, "the worker")
        assert process.poll() is None
        return process

    def kill_workers(self) -> None:
        for process in self.workers:
            _kill(process)
        self.workers.clear()

    @contextmanager
    def halted(self) -> Iterator[None]:
        """The workers of now do nothing meanwhile, and live."""
        halted = list(self.workers)
        for process in halted:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in halted:
                process.send_signal(signal.SIGCONT)

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """PostgreSQL takes nobody in meanwhile, and has thrown everybody out."""
        connection.close()
        with harness.database_away(self.database):
            yield

    def restore(self) -> None:
        """Both parts run again, whatever the test did."""
        if self.web is None or self.web.poll() is not None:
            self.start_web()
        self.workers = [process for process in self.workers if process.poll() is None]
        if not self.workers:
            self.start_worker()

    def stop(self) -> None:
        self.kill_workers()
        if self.web is not None:
            _kill(self.web)

    def connections(self, of: str) -> int:
        """How many database connections a part holds."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND application_name = %s",
                [self.database, of],
            )
            count: int = cursor.fetchone()[0]
            return count

    def _start(self, module: str, **more: str) -> subprocess.Popen[bytes]:
        number = self._listener.fileno()
        return subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=harness.ROOT,
            env=os.environ
            | {
                "LIVE_DATABASE": self.database,
                FILE: str(number),
                "LOG_LEVEL": "CRITICAL",
                "ASSISTANT_BASE_URL": self.provider.url,
                "ASSISTANT_TIMEOUT": "300",
            }
            | more,
            pass_fds=[number],
            preexec_fn=ends_with_parent(signal.SIGKILL),
        )


@contextmanager
def desk() -> Iterator[Desk]:
    """A running desk on a copy of the tests' empty database; see `harness.desk`."""
    ours = connection.settings_dict["NAME"]
    connection.close()
    harness.copy_database(ours, f"{ours}_{SUFFIX}")
    with socket.socket() as listener, Provider().serving() as provider:
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        made = Desk(f"{ours}_{SUFFIX}", listener, provider)
        try:
            yield made
        finally:
            made.stop()
    connection.close()
    with harness.maintenance() as cursor:
        scratch.drop(cursor, f"{ours}_{SUFFIX}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


# --- Streams ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Frame:
    """A server-sent event."""

    id: str
    event: str
    data: Any

    def __eq__(self, other: object) -> bool:
        """Frames about the conversation show its present state, all others what was stored."""
        if not isinstance(other, Frame) or (self.id, self.event) != (other.id, other.event):
            return False
        return self.event == "conversation" or self.data == other.data

    @property
    def is_partial(self) -> bool:
        return self.data.get("type") == "ai" and "id" not in self.data

    @property
    def is_answer(self) -> bool:
        return self.data.get("type") == "ai" and "id" in self.data


class Stream:
    """An open answer of the desk, read by a thread of its own."""

    def __init__(self, base: str, key: str, body: Any, **headers: str) -> None:
        where = urlsplit(base)
        self._wire = http.client.HTTPConnection(where.hostname or "", where.port, timeout=DEADLINE * 2)
        sent = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers}
        self._wire.request("POST", PATH, json.dumps(body), sent)
        self._socket = self._wire.sock
        self._response = self._wire.getresponse()
        self.status = self._response.status
        self.frames: list[Frame] = []
        self.is_over = self.is_broken = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def until(self, ask: Callable[[Frame], bool], nudge: Callable[[], object] | None = None) -> Frame:
        """The first frame that is so, as soon as it is there. `nudge` is done again and again until then."""

        def look() -> Frame | None:
            return next((frame for frame in self.frames if ask(frame)), None)

        def once() -> Frame | None:
            if nudge is not None:
                nudge()
            with self._changed:
                self._changed.wait_for(lambda: look() is not None or self.is_over, timeout=0.3)
                return look()

        return eventually(once, "the frame")

    def rest(self) -> list[Frame]:
        """All frames, at the end of the stream."""
        self._thread.join(DEADLINE)
        assert self.is_over, "the stream did not end"
        return self.frames

    def drop(self) -> None:
        """Leave in the middle."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(DEADLINE)

    def _read(self) -> None:
        text = b""
        try:
            while piece := self._response.read1():
                *whole, text = (text + piece).split(b"\n\n")
                with self._changed:
                    self.frames += [frame for one in whole if (frame := _frame(one.decode())) is not None]
                    self._changed.notify_all()
        except (OSError, http.client.HTTPException):
            self.is_broken = True
        finally:
            with self._changed:
                self.is_over = True
                self._changed.notify_all()
            self._wire.close()


def _frame(text: str) -> Frame | None:
    """None for a comment, and for a word to the browser."""
    fields = dict(line.split(": ", 1) for line in text.split("\n") if not line.startswith(":"))
    return Frame(fields["id"], fields["event"], json.loads(fields["data"])) if "data" in fields else None


# --- A client -----------------------------------------------------------------------------------


class Client:
    """A program of a workspace of its own, which talks to the assistant over HTTP."""

    def __init__(self, desk: Desk, name: str = choices.OPENAI) -> None:
        self.desk = desk
        self.scene = Scene([])
        self.key: str = self.scene.value("server_key")
        account_actions.update_workspace(
            workspace=self.scene.workspace,
            settings=choices.Choice(engine=name, is_approved=True).settings,
            by=self.scene.system,
            at=clock.now(),
        )

    def ask(self, content: str, **body: Any) -> Stream:
        stream = Stream(self.desk.base, self.key, {"content": content, **body})
        assert stream.status == 201
        return stream

    def attach(self, conversation: str, **headers: str) -> Stream:
        stream = Stream(self.desk.base, self.key, {"content": None, "conversation": conversation}, **headers)
        assert stream.status == 200
        return stream

    def call(self, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        request = {
            "method": method,
            "path": f"{PATH}{path}",
            "headers": {"Authorization": f"Bearer {self.key}", **JSON},
        }
        answer = harness.send(self.desk.base, request | ({"body": body} if body is not None else {}))
        return answer.status, json.loads(answer.content) if answer.content else None

    def read(self, conversation: str) -> Any:
        status, body = self.call("GET", f"/{conversation}")
        assert status == 200
        return body

    def cancel(self, conversation: str) -> tuple[int, str]:
        status, body = self.call("PATCH", f"/{conversation}/cancel", {})
        return status, body["status"]

    def queue(self, conversation: str) -> list[str]:
        status, body = self.call("GET", f"/{conversation}/queue")
        assert status == 200
        return [item["content"] for item in body["messages"]]

    def enqueue(self, conversation: str, content: str) -> tuple[int, Any]:
        return self.call("POST", f"/{conversation}/queue", {"content": content})

    def begin(self) -> Turn:
        """A question in a new conversation, of which the provider knows already."""
        content = question()
        stream = self.ask(content)
        head = stream.until(lambda frame: frame.event == "conversation")
        return Turn(self, stream, head.data["id"], content, self.desk.provider.call(content))


@dataclass
class Turn:
    """A question under way."""

    client: Client
    stream: Stream
    id: str
    content: str
    provider: Call

    def go_on(self) -> Frame:
        """Let the provider write until the stream shows some of it."""
        return self.stream.until(lambda frame: frame.is_partial, self.provider.say)

    @property
    def run(self) -> AssistantRun:
        return run_of(self.id)


def run_of(conversation: str) -> AssistantRun:
    return AssistantRun.all_workspaces.filter(thread__conversation__public_id=conversation).latest("pk")


def jobs_are_done(run: AssistantRun) -> bool:
    """Whether no worker has anything to do with the run any more."""
    jobs = ProcrastinateJob.objects.filter(task_name=runs.JOB, args__run_id=run.pk)
    return not jobs.filter(status__in=["todo", "doing"]).exists()
