"""A web process and clients that mean no good: what it waits for, what it reads, and that it serves others meanwhile."""

from __future__ import annotations

import json
import re
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection

from conversations.models import Conversation
from tests import factories
from tests.dialects import harness
from tests.runtime.machine import DEADLINE, eventually

pytestmark = pytest.mark.django_db

WOES, POSTHOG, HEXCLAVE = (
    "/api/v1/conversations",
    "/api/projects/@current/conversations/tickets",
    "/api/v1/internal/feedback",
)
ASSISTANT = "/api/environments/@current/conversations"
FORM = "Content-Type: multipart/form-data; boundary=x"
LOGIN = "/accounts/login/"


@dataclass
class Web:
    """A web process, the database that it works on, and a key."""

    base: str
    pid: int
    key: str
    suffix: str
    stack: ExitStack = field(default_factory=ExitStack)

    def connect(self) -> socket.socket:
        where = urlsplit(self.base)
        client = socket.create_connection((where.hostname, where.port), timeout=DEADLINE)
        self.stack.callback(client.close)
        return client

    def send(self, data: str | bytes) -> socket.socket:
        """A new connection with these bytes sent."""
        client = self.connect()
        client.sendall(data.encode() if isinstance(data, str) else data)
        return client

    def half(self, path: str, *headers: str, length: int = 1_000_000, sent: int = 100) -> socket.socket:
        """A POST whose body stays unfinished."""
        client = self.send(post(path, f"Content-Length: {length}", *headers))
        try:
            client.sendall(b"{" + b" " * (sent - 1))
        except (BrokenPipeError, ConnectionResetError):
            pass  # Refused before all of it was sent.
        return client

    def memory(self) -> int:
        """Megabytes that the process has for itself."""
        text = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        assert found
        return int(found[1]) // 1024

    def files(self) -> list[str]:
        """What it has open."""
        names = []
        for entry in Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                names.append(str(entry.readlink()))
            except FileNotFoundError:
                continue
        return names

    def authorized(self) -> str:
        return f"Authorization: Bearer {self.key}"


def post(path: str, *headers: str, version: str = "1.1") -> str:
    return "\r\n".join([f"POST {path} HTTP/{version}", "Host: 127.0.0.1", *headers, "", ""])


def rest(client: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    received = b""
    try:
        while piece := client.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


def answer(client: socket.socket) -> tuple[int, bytes]:
    """The status and body of one answer; 0 where the connection was closed without one."""
    received = b""
    while b"\r\n\r\n" not in received and (piece := _recv(client)):
        received += piece
    if not received:
        return 0, b""
    head, _, body = received.partition(b"\r\n\r\n")
    found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    while found and len(body) < int(found[1]) and (piece := _recv(client)):
        body += piece
    return int(head.split(b" ", 2)[1]), body


def _recv(client: socket.socket) -> bytes:
    try:
        return client.recv(65536)
    except ConnectionResetError:
        return b""


def serving(suffix: str, django_db_blocker: Any, **settings: str) -> Iterator[Web]:
    with django_db_blocker.unblock(), harness.desk_process(suffix, **settings) as (base, pid):
        with harness.on_the_desks_database(suffix):
            key = factories.api_key(factories.WorkspaceFactory(slug="acme"))[1]
        yield Web(base, pid, key, suffix)


@pytest.fixture(scope="module")
def impatient(django_db_setup: None, django_db_blocker: Any) -> Iterator[Web]:
    """It waits for a few seconds only."""
    settings = {"HEADERS_TIMEOUT": "2", "BODY_TIMEOUT": "3", "KEEP_ALIVE_TIMEOUT": "2", "REQUESTS_PER_ADDRESS": "20"}
    yield from serving("impatient", django_db_blocker, **settings)


@pytest.fixture(scope="module")
def guarded(django_db_setup: None, django_db_blocker: Any) -> Iterator[Web]:
    """The limits as they are, and one trusted proxy before it."""
    yield from serving("guarded", django_db_blocker, TRUSTED_PROXIES="1")


@pytest.fixture
def web(guarded: Web, django_db_blocker: Any) -> Iterator[Web]:
    with django_db_blocker.unblock(), guarded.stack:
        yield guarded


# --- What is waited for, and how long -----------------------------------------------------------


def drip(client: socket.socket, data: bytes, stop: threading.Event) -> None:
    """Send it again and again, a little at a time, until the other side has had enough."""
    while not stop.wait(0.2):
        try:
            client.sendall(data)
        except OSError:
            return


NEVER_COMPLETE: dict[str, tuple[str, bytes, set[int]]] = {
    # what is sent at once, what is dripped after it, and how it may be answered
    "nothing": ("", b"", {0}),
    "blank lines": ("", b"\r\n", {0, 408}),
    "half a request line": ("GET /hea", b"", {408}),
    "half a head": ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"", {408}),
    "a head, header by header": ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"X-More: 1\r\n", {408}),
    "a header, letter by letter": ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ", b"x", {408}),
    "half a body": (post(LOGIN, "Content-Length: 1000") + "email=", b"", {408}),
    "a body, letter by letter": (post(LOGIN, "Content-Length: 100000"), b"x", {408}),
    "half a chunk": (post(LOGIN, "Transfer-Encoding: chunked") + "5\r\nab", b"", {408}),
    "chunk after chunk": (post(LOGIN, "Transfer-Encoding: chunked"), b"1\r\nx\r\n", {408}),
    "half a body of HTTP/1.0": (post(LOGIN, "Content-Length: 1000", version="1.0") + "email=", b"", {408}),
    "half a body that was asked for": (post(LOGIN, "Content-Length: 1000", "Expect: 100-continue"), b"", {100}),
    "a request and half of another": ("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /hea", b"", {200}),
    "a request and nothing more": ("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"", {200}),
    "a request and blank lines": ("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n", {200}),
}


def test_client_that_never_completes_a_request_is_disconnected(impatient: Web) -> None:
    stop, seen = threading.Event(), {}
    with impatient.stack:
        clients = {name: impatient.send(first) for name, (first, _, _) in NEVER_COMPLETE.items()}
        for name, (_, more, _) in NEVER_COMPLETE.items():
            if more:
                threading.Thread(target=drip, args=(clients[name], more, stop), daemon=True).start()
        for name, client in clients.items():
            try:
                head = rest(client)
            except TimeoutError:
                head = b"HTTP/1.1 999 It goes on"
            seen[name] = int(head.split(b" ", 2)[1]) if head else 0
        stop.set()
    assert {name: status for name, status in seen.items() if status not in NEVER_COMPLETE[name][2]} == {}


def test_body_that_stalls_is_answered_in_the_format_of_its_path(impatient: Web) -> None:
    with impatient.stack:
        client = impatient.half(WOES, impatient.authorized(), "Content-Type: application/json")
        status, body = answer(client)
    assert status == 408
    assert set(json.loads(body)) == {"code", "error"}


def test_answer_that_nobody_reads_does_not_wait_for_ever(impatient: Web) -> None:
    with impatient.stack:
        client = socket.socket()
        impatient.stack.callback(client.close)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((urlsplit(impatient.base).hostname, urlsplit(impatient.base).port))
        client.sendall(b"GET /api/schema HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 30)
        port = client.getsockname()[1]
        eventually(lambda: _is_connected(impatient, port), "the connection")
        eventually(lambda: not _is_connected(impatient, port), "the end of it")


def _is_connected(web: Web, port: int) -> bool:
    """Whether the web process has a connection with that port of ours at all."""
    ours, theirs = f"0100007F:{port:04X}", f"0100007F:{urlsplit(web.base).port or 0:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    # An inode of 0 belongs to no process any more.
    return any(row[1] == theirs and row[2] == ours and row[9] != "0" for row in rows)


# --- What is read at all ------------------------------------------------------------------------

REFUSED: dict[str, tuple[str, tuple[str, ...], int, Callable[[bytes], bool]]] = {
    "no path at all": ("/nowhere", (), 404, lambda body: b"<html" in body),
    "an upload to no path": ("/nowhere", (FORM,), 404, lambda body: b"<html" in body),
    "no path under /api/": ("/api/nowhere", (FORM,), 404, lambda body: json.loads(body)["code"] == "not_found"),
    "no key": (WOES, (), 401, lambda body: json.loads(body)["code"] == "unauthorized"),
    "an upload without a key": (WOES, (FORM,), 401, lambda body: json.loads(body)["code"] == "unauthorized"),
    "a wrong key": (
        POSTHOG,
        ("Authorization: Bearer parley_sv_nonsense",),
        401,
        lambda body: json.loads(body)["type"] == "authentication_error",
    ),
    "a wrong key, in another format": (
        f"{WOES}/create/",
        ("X-API-Key: nonsense",),
        401,
        lambda body: "detail" in json.loads(body),
    ),
    "no access type": (
        "/api/v1/internal/conversations",
        (),
        400,
        lambda body: json.loads(body)["code"] == "ACCESS_TYPE_REQUIRED",
    ),
    "a method that the path has not": (
        f"{WOES}/{'0' * 8}-0000-4000-8000-{'0' * 12}",
        (),
        405,
        lambda body: json.loads(body)["code"] == "method_not_allowed",
    ),
    "a page of a workspace, signed out": ("/w/acme/inbox/1/reply", (FORM,), 302, lambda body: body == b""),
}


@pytest.mark.parametrize("why", REFUSED)
def test_no_body_is_waited_for_where_the_request_is_refused_anyway(why: str, web: Web) -> None:
    path, headers, status, fits = REFUSED[why]
    got, body = answer(web.half(path, *headers, length=20_000_000, sent=300_000))
    assert got == status
    assert fits(body), body


def test_client_that_sends_on_still_sees_why_it_was_refused(web: Web) -> None:
    client = web.send(post(WOES, "Content-Length: 3000000"))
    client.sendall(b" " * 3_000_000)  # and only then looks
    assert answer(client)[0] == 401


def test_client_that_asks_before_it_sends_is_refused_without_a_go_ahead(web: Web) -> None:
    client = web.send(post(WOES, "Content-Length: 1000", "Expect: 100-continue"))
    received = rest(client)
    assert received.startswith(b"HTTP/1.1 401")


def test_body_that_comes_late_costs_no_second_look_at_the_key(web: Web) -> None:
    body = json.dumps({"subject": "In pieces", "customer": {"id": "cus_1"}}).encode()
    client = web.send(
        post(
            WOES,
            web.authorized(),
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Expect: 100-continue",
        )
    )
    assert client.recv(100).startswith(b"HTTP/1.1 100")  # let in
    client.sendall(body)
    assert answer(client)[0] == 201
    with harness.on_the_desks_database(web.suffix):
        assert Conversation.all_workspaces.filter(subject="In pieces").count() == 1


def test_upload_to_a_page_that_takes_none_is_not_put_on_disk(web: Web) -> None:
    before = web.files()
    client = web.half(LOGIN, FORM, length=900_000, sent=800_000)
    large = web.half(LOGIN, FORM, length=20_000_000, sent=300_000)
    assert answer(large)[0] == 413
    assert not [name for name in web.files() if name.startswith("/tmp/") and name not in before]
    client.close()


def test_trailers_of_a_chunked_body_are_no_headers(web: Web) -> None:
    body = json.dumps({"subject": "x", "customer": {"id": "cus_1"}}).encode()
    client = web.send(
        post(WOES, "Content-Type: application/json", "Transfer-Encoding: chunked").encode()
        + b"%x\r\n%s\r\n0\r\nAuthorization: Bearer %s\r\n\r\n" % (len(body), body, web.key.encode())
    )
    assert answer(client)[0] == 401


def test_head_may_not_be_endless(web: Web) -> None:
    client = web.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"x" * 60_000)
    try:
        for _ in range(100):
            client.sendall(b"x" * 60_000)
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert answer(client)[0] in (0, 431)
    assert web.memory() < 200


# --- How much at once ---------------------------------------------------------------------------


def test_six_hundred_half_bodies_cost_little_and_others_are_served(web: Web) -> None:
    before = web.memory()
    for _ in range(600):
        web.half(WOES, "Authorization: Bearer parley_sv_nonsense", sent=700_000)
    mine = web.send(f"GET {WOES} HTTP/1.1\r\nHost: 127.0.0.1\r\n{web.authorized()}\r\n\r\n")
    assert answer(mine)[0] == 200
    assert web.memory() - before < 80


def test_bodies_of_all_requests_together_stay_below_the_limit_in_memory(web: Web) -> None:
    """With a good key, each may be a megabyte, and all together 64."""
    before = web.memory()
    clients = [web.send(post(WOES, web.authorized(), "Content-Length: 1000000")) for _ in range(120)]
    for client in clients:
        try:
            client.sendall(b"{" + b" " * 899_999)
        except (BrokenPipeError, ConnectionResetError):
            pass
    eventually(lambda: len(_answered(clients)) >= 40, "the refusals")
    refused = _answered(clients)
    assert {answer(client)[0] for client in refused} == {503}
    assert len(clients) - len(refused) >= 40  # The others are waited for.
    assert web.memory() - before < 130
    for client in clients:
        client.close()
    eventually(lambda: answer(web.send(_small(web)))[0] == 201, "room again")


def _answered(clients: list[socket.socket]) -> list[socket.socket]:
    readable, _, _ = select.select(clients, [], [], 0)
    return readable


def _small(web: Web) -> str:
    body = json.dumps({"subject": "x", "customer": {"id": "cus_1"}})
    head = post(WOES, web.authorized(), "Content-Type: application/json", f"Content-Length: {len(body)}")
    return head + body


def test_of_too_many_connections_without_a_request_the_oldest_goes(web: Web) -> None:
    clients = [web.send("GET / HTT") for _ in range(530)]
    eventually(lambda: _is_closed(clients[0]) and _is_closed(clients[10]), "the end of the oldest")
    assert not _is_closed(clients[-1])
    assert answer(web.send(_small(web)))[0] == 201


def _is_closed(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_one_address_has_so_many_anonymous_requests_in_progress_and_no_more(web: Web) -> None:
    assert answer(web.send(_small(web)))[0] == 201  # The key is known from now on.
    theirs = "X-Forwarded-For: 203.0.113.9"
    for _ in range(200):
        web.half(LOGIN, theirs, length=1000, sent=10)
    eventually(lambda: answer(web.half(LOGIN, theirs, length=1000, sent=10))[0] == 429, "the limit")
    get = "GET /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    refused = answer(web.send(f"GET {WOES} HTTP/1.1\r\nHost: 127.0.0.1\r\n{theirs}\r\n\r\n"))
    assert refused[0] == 429
    assert set(json.loads(refused[1])) == {"code", "error"}
    # What the client says of itself before the proxy does counts for nothing.
    assert answer(web.send(f"{get}X-Forwarded-For: 203.0.113.7, 203.0.113.9\r\n\r\n"))[0] == 429
    assert answer(web.send(f"{get}X-Forwarded-For: 203.0.113.7\r\n\r\n"))[0] == 200
    known = f"GET {WOES} HTTP/1.1\r\nHost: 127.0.0.1\r\n{theirs}\r\n{web.authorized()}\r\n\r\n"
    assert answer(web.send(known))[0] == 200


def test_streams_are_not_counted(impatient: Web) -> None:
    """This process lets 20 anonymous requests of an address be in progress."""
    body = json.dumps({"content": "Where is my order?"})
    head = post(ASSISTANT, impatient.authorized(), "Content-Type: application/json", f"Content-Length: {len(body)}")
    with impatient.stack:
        for _ in range(25):
            assert impatient.send(head + body).recv(12) == b"HTTP/1.1 201"
        assert answer(impatient.send(f"GET {WOES} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))[0] == 401


def test_process_may_have_as_many_files_as_the_system_allows(web: Web) -> None:
    limits = Path(f"/proc/{web.pid}/limits").read_text()
    found = re.search(r"^Max open files\s+(\d+)\s+(\d+)", limits, re.MULTILINE)
    assert found
    assert int(found[1]) == min(int(found[2]), 65_536)
    connection.close()
