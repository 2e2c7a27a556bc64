"""The web front by itself: what reaches Django, what is refused before it, and how live responses are sent."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any, cast

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from accounts.live.responses import LiveContext, LiveResponse, sse
from accounts.web import bodies
from accounts.web.bodies import BodyWanted
from config.server import front as front_module
from config.server.bodies import Body, Headers, Limits
from config.server.front import Front
from config.server.visitors import Visitors
from tests.runtime.machine import DEADLINE

PROBED = {b"content-type": b"application/json", b"content-length": b"16"}
CHUNKED = (b"transfer-encoding", b"chunked")
Environ = dict[str, Any]
View = Callable[[Environ], HttpResponseBase]


class Client:
    """One request to a front, with its hands on both ends of the connection."""

    def __init__(self, front: Front, path: str = "/x", *, method: str = "GET", headers: Headers | None = None) -> None:
        self.front = front
        self.scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers or [],
            "server": ("testserver", 80),
            "client": ("127.0.0.1", 4711),
        }
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.task: asyncio.Task[None] | None = None

    def start(self, pieces: Iterable[bytes] = (b"",)) -> Client:
        pieces = list(pieces)
        for number, piece in enumerate(pieces, 1):
            self.incoming.put_nowait({"type": "http.request", "body": piece, "more_body": number < len(pieces)})
        self.task = asyncio.create_task(self.front(self.scope, self.incoming.get, self._send))
        return self

    async def _send(self, message: Any) -> None:
        self.outgoing.put_nowait(message)

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(DEADLINE):
            return await self.outgoing.get()

    async def piece(self) -> bytes:
        body: bytes = (await self.next())["body"]
        return body

    def leave(self) -> None:
        self.incoming.put_nowait({"type": "http.disconnect"})

    async def answer(self, *pieces: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
        """Send a whole request and wait for the whole answer."""
        self.start(pieces or (b"",))
        assert self.task is not None
        async with asyncio.timeout(DEADLINE):
            await self.task
        head, body = self.outgoing.get_nowait(), b""
        while not self.outgoing.empty():
            body += self.outgoing.get_nowait().get("body", b"")
        return head["status"], dict(head["headers"]), body


def make(view: View, *, threads: int = 2, queue: int = 2, body_limit: int = 1000, upload_limit: int = 5000) -> Front:
    """A front over a view that stands for all of Django."""

    def handler(environ: Environ, start_response: Callable[..., Any]) -> HttpResponseBase:
        response = BodyWanted(files=True) if bodies.PENDING in environ else view(environ)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return response

    return Front(
        cast(WSGIHandler, handler),
        threads=threads,
        queue=queue,
        limits=Limits(body=body_limit, upload=upload_limit),
        visitors=Visitors(most=200, proxies=0),
    )


def seen_by_django(headers: Headers, *pieces: bytes, path: str = "/x", method: str = "POST") -> tuple[Environ, bytes]:
    seen: list[tuple[Environ, bytes]] = []

    def view(environ: Environ) -> HttpResponse:
        seen.append((environ, environ["wsgi.input"].read()))
        return HttpResponse("ok")

    async def ask() -> int:
        status, _, _ = await Client(make(view), path, method=method, headers=headers).answer(*pieces)
        return status

    assert asyncio.run(ask()) == 200
    return seen[0]


def test_cookies_are_joined_and_other_repeated_headers_are_listed() -> None:
    environ, _ = seen_by_django([(b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"x-tag", b"one"), (b"x-tag", b"two")])
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_X_TAG"] == "one,two"


def test_a_header_name_with_an_underscore_is_dropped() -> None:
    environ, _ = seen_by_django([(b"x_forwarded_for", b"10.0.0.1")])
    assert "HTTP_X_FORWARDED_FOR" not in environ


def test_a_chunked_body_arrives_whole_and_with_its_length() -> None:
    environ, body = seen_by_django([CHUNKED], b"first,", b"second")
    assert (environ["CONTENT_LENGTH"], body) == ("12", b"first,second")
    assert "HTTP_TRANSFER_ENCODING" not in environ


def test_a_path_keeps_its_bytes() -> None:
    environ, _ = seen_by_django([], path="/caf%C3%A9/%ff")
    assert environ["PATH_INFO"].encode("latin-1") == b"/caf\xc3\xa9/\xff"


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_a_body_over_the_limit_is_413(announced: bool) -> None:
    asked: list[Environ] = []

    def view(environ: Environ) -> HttpResponse:
        asked.append(environ)
        return HttpResponse()

    headers = [(b"content-length", b"1001") if announced else CHUNKED]
    status, _, body = asyncio.run(Client(make(view), method="POST", headers=headers).answer(b"x" * 500, b"x" * 501))
    assert (status, body) == (413, b"The request is too large.\n")
    assert not asked


def test_a_browser_is_shown_a_page_that_leads_back_where_a_body_is_over_the_limit() -> None:
    headers = [
        (b"host", b"testserver"), (b"accept", b"text/html,*/*;q=0.8"), (b"referer", b"http://testserver/settings/profile"), CHUNKED,
    ]  # fmt: skip
    client = Client(make(lambda _environ: HttpResponse()), method="POST", headers=headers)
    status, answer, body = asyncio.run(client.answer(b"x" * 1001))
    assert (status, answer[b"content-type"]) == (413, b"text/html; charset=utf-8")
    assert b'href="/settings/profile">Go back</a>' in body
    assert b"default-src 'none'" in answer[b"content-security-policy"]
    for more in ([(b"hx-request", b"true")], [(b"accept", b"*/*")]):
        client = Client(make(lambda _environ: HttpResponse()), method="POST", headers=[*more, CHUNKED])
        assert asyncio.run(client.answer(b"x" * 1001))[2] == b"The request is too large.\n"


def test_under_api_a_body_over_the_limit_reaches_django_empty_and_marked() -> None:
    asked: list[tuple[Environ, bytes]] = []

    def view(environ: Environ) -> HttpResponse:
        asked.append((environ, environ["wsgi.input"].read()))
        return HttpResponse('{"error": "too_large"}', status=413)

    status, _, body = asyncio.run(Client(make(view), "/api/v1/x", method="POST", headers=[CHUNKED]).answer(b"x" * 1001))
    assert (status, body) == (413, b'{"error": "too_large"}')
    environ, content = asked[0]
    assert environ["parley.body_too_large"] is True
    assert (environ["CONTENT_LENGTH"], content) == ("0", b"")


def test_an_upload_may_be_larger_than_other_bodies() -> None:
    form = [CHUNKED, (b"content-type", b"multipart/form-data; boundary=b")]
    _, body = seen_by_django(form, b"x" * 4000)
    assert len(body) == 4000


def test_a_client_that_asks_first_is_refused_at_once() -> None:
    headers = [(b"content-length", b"99999999"), (b"expect", b"100-continue")]
    client = Client(make(lambda environ: HttpResponse()), method="POST", headers=headers)
    status, answer, _ = asyncio.run(client.answer())
    assert (status, answer[b"connection"]) == (413, b"close")
    assert client.incoming.qsize() == 1  # Nobody read its body.


@pytest.mark.parametrize("why", ["too many wait", "one has waited too long"])
def test_an_overloaded_desk_says_503_and_recovers(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    release, inside = threading.Event(), threading.Event()
    if why == "one has waited too long":
        monkeypatch.setattr(front_module, "WAIT_LIMIT", -1.0)

    def view(environ: Environ) -> HttpResponse:
        inside.set()
        release.wait(DEADLINE)
        return HttpResponse("ok")

    async def scenario() -> None:
        front = make(view, threads=1, queue=1 if why == "too many wait" else 100)
        let_in = [Client(front).start()]
        await asyncio.to_thread(inside.wait, DEADLINE)
        let_in.append(Client(front).start())
        while not front.waiting:
            await asyncio.sleep(0)
        status, headers, _ = await Client(front).answer()
        assert (status, headers[b"retry-after"]) == (503, b"1")
        release.set()
        assert [(await client.next())["status"] for client in let_in] == [200, 200]
        assert (await Client(front).answer())[0] == 200

    asyncio.run(scenario())


def test_health_probe_is_answered_while_all_threads_are_busy() -> None:
    release, inside = threading.Event(), threading.Event()

    def view(environ: Environ) -> HttpResponse:
        inside.set()
        release.wait(DEADLINE)
        return HttpResponse("ok")

    async def scenario() -> None:
        front = make(view, threads=1, queue=1)
        busy = [Client(front).start() for _ in range(2)]
        await asyncio.to_thread(inside.wait, DEADLINE)
        assert await Client(front, "/healthz").answer() == (200, PROBED, b'{"status": "ok"}')
        release.set()
        assert [(await client.next())["status"] for client in busy] == [200, 200]

    asyncio.run(scenario())


def test_full_disk_is_reported_as_no_fault_of_the_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, piece: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Body, "_keep", full)
    client = Client(make(lambda environ: HttpResponse()), "/api/v1/conversations", method="POST", headers=[CHUNKED])
    status, headers, body = asyncio.run(client.answer(b"x"))
    assert (status, headers[b"retry-after"]) == (503, b"60")
    assert b"no space left" in body


def test_a_streaming_response_is_sent_piece_by_piece() -> None:
    front = make(lambda environ: StreamingHttpResponse(iter([b"a", b"b"])))
    assert asyncio.run(Client(front).answer())[2] == b"ab"


def test_pieces_of_one_response_share_what_is_open_whatever_thread_makes_them() -> None:
    """In other threads, and for what comes next there, it is not open."""
    opened: ContextVar[str] = ContextVar("opened", default="nothing")
    threads: set[int] = set()

    def pieces() -> Iterator[bytes]:
        token = opened.set("a scope")
        try:
            for _ in range(40):
                threads.add(threading.get_ident())
                yield f"{opened.get()}, ".encode()
        finally:
            opened.reset(token)

    def view(environ: Environ) -> HttpResponseBase:
        if environ["PATH_INFO"] == "/between":
            return HttpResponse(opened.get())
        opened.set("the view")
        return StreamingHttpResponse(pieces())

    async def scenario() -> tuple[bytes, set[bytes]]:
        front = make(view, threads=3)
        streams = [Client(front).answer() for _ in range(3)]
        between = [Client(front, "/between").answer() for _ in range(3)]
        answers = [answer[2] for answer in await asyncio.gather(*streams, *between)]
        assert len({*answers[:3]}) == 1
        return answers[0], {*answers[3:]}

    whole, others = asyncio.run(scenario())
    assert whole == b"a scope, " * 40
    assert len(threads) > 1
    assert b"a scope" not in others


def live(follow: Any, **options: Any) -> Front:
    return make(lambda environ: LiveResponse(follow, access=None, **options))


def test_a_stream_sends_its_headers_before_its_first_chunk() -> None:
    async def scenario() -> None:
        go = asyncio.Event()

        async def follow(context: LiveContext) -> AsyncIterator[bytes]:
            await go.wait()
            yield sse("7", event="conversation.assigned", id=3)

        client = Client(live(follow)).start()
        head = await client.next()
        assert head["status"] == 200
        assert dict(head["headers"])[b"content-type"].startswith(b"text/event-stream")
        assert b"content-length" not in dict(head["headers"])
        go.set()
        assert await client.piece() == b"id: 3\nevent: conversation.assigned\ndata: 7\n\n"
        assert (await client.next()).get("more_body") is None

    asyncio.run(scenario())


def test_a_client_that_leaves_ends_its_generator() -> None:
    async def scenario() -> None:
        ended = asyncio.Event()

        async def follow(context: LiveContext) -> AsyncIterator[bytes]:
            try:
                yield b"first"
                await asyncio.Event().wait()
            finally:
                ended.set()

        client = Client(live(follow)).start()
        await client.next()
        assert await client.piece() == b"first"
        client.leave()
        async with asyncio.timeout(DEADLINE):
            await ended.wait()

    asyncio.run(scenario())


def test_a_server_that_stops_ends_all_streams() -> None:
    async def scenario() -> None:
        async def follow(context: LiveContext) -> AsyncIterator[bytes]:
            yield b"first"
            await asyncio.Event().wait()

        front = live(follow)
        clients = [Client(front).start() for _ in range(20)]
        for client in clients:
            await client.next()
            await client.next()
        front.end_streams()
        async with asyncio.timeout(DEADLINE):
            await asyncio.gather(*(client.task for client in clients if client.task))

    asyncio.run(scenario())


def test_a_silent_stream_is_kept_alive_and_does_not_live_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_module, "KEEPALIVE_AFTER", 0.02)
    monkeypatch.setattr(front_module, "STREAM_LIFE", 0.3)

    async def follow(context: LiveContext) -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""

    status, _, body = asyncio.run(Client(live(follow)).answer())
    assert status == 200
    assert body.startswith(b": keepalive\n\n")


def test_a_held_answer_takes_the_place_of_the_response() -> None:
    async def follow(context: LiveContext) -> AsyncIterator[HttpResponse]:
        answer = HttpResponse('{"id": 1}', status=201, content_type="application/json")
        answer.set_cookie("seen", "1")
        yield answer

    status, headers, body = asyncio.run(Client(live(follow, held=True)).answer())
    assert (status, body) == (201, b'{"id": 1}')
    assert headers[b"content-type"] == b"application/json"
    assert headers[b"set-cookie"].startswith(b"seen=1")
    assert headers[b"cache-control"] == b"no-store, no-transform"


def test_a_held_answer_that_never_comes_is_503_and_one_that_fails_is_500() -> None:
    async def silent(context: LiveContext) -> AsyncIterator[bytes]:
        if context is None:
            yield b""

    async def broken(context: LiveContext) -> AsyncIterator[bytes]:
        raise RuntimeError("provider")
        yield b""

    assert asyncio.run(Client(live(silent, held=True)).answer())[0] == 503
    assert asyncio.run(Client(live(broken, held=True)).answer())[0] == 500


def test_a_stream_may_use_the_database_in_a_request_thread() -> None:
    async def follow(context: LiveContext) -> AsyncIterator[bytes]:
        name = await context.run(lambda: threading.current_thread().name)
        yield name.encode()

    assert asyncio.run(Client(live(follow)).answer())[2].startswith(b"django")


@pytest.mark.parametrize(("field", "value"), [("event", "a\nb"), ("id", "1\r2")])
def test_a_line_break_cannot_be_smuggled_into_a_frame(field: str, value: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        sse("x", **{field: value})  # type: ignore[arg-type]


def test_data_of_several_lines_stays_one_event() -> None:
    assert sse("a\r\nb\u2028c") == "data: a\ndata: b\u2028c\n\n".encode()


def taking(largest: int) -> tuple[Front, list[tuple[Environ, bytes]]]:
    """A front over a view that says how large a body may be, and what the view has seen."""
    seen: list[tuple[Environ, bytes]] = []

    def handler(environ: Environ, start_response: Callable[..., Any]) -> HttpResponseBase:
        response: HttpResponseBase = BodyWanted(largest=largest)
        if bodies.PENDING not in environ:
            seen.append((environ, environ["wsgi.input"].read()))
            response = HttpResponse(status=413 if bodies.TOO_LARGE in environ else 200)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return response

    limits = Limits(body=1000, upload=5000)
    return Front(
        cast(WSGIHandler, handler), threads=2, queue=2, limits=limits, visitors=Visitors(most=9, proxies=0)
    ), seen


@pytest.mark.parametrize("kind", [b"application/json", b"multipart/form-data; boundary=x", b"message/rfc822"])
@pytest.mark.parametrize("is_announced", [True, False])
def test_view_says_how_large_a_body_may_be_whatever_it_is(kind: bytes, is_announced: bool) -> None:
    whole = bytes(range(256)) * 4000  # more than stays in memory
    pieces = [whole[start : start + 900] for start in range(0, len(whole), 900)]
    length = (b"content-length", b"%d" % len(whole)) if is_announced else CHUNKED

    async def ask(largest: int) -> tuple[int, list[tuple[Environ, bytes]]]:
        front, seen = taking(largest)
        client = Client(front, "/mail/ingress/x", method="POST", headers=[(b"content-type", kind), length])
        status, _, _ = await client.answer(*pieces)
        assert front.memory.used == 0
        return status, seen

    status, seen = asyncio.run(ask(len(whole)))
    assert (status, seen[0][1] == whole) == (200, True)
    status, seen = asyncio.run(ask(len(whole) - 1))
    assert (status, seen[0][1]) == (413, b"")


def test_what_came_before_the_view_was_asked_is_kept() -> None:
    front, seen = taking(10_000)
    client = Client(front, "/mail/ingress/x", method="POST", headers=[CHUNKED])
    status, _, _ = asyncio.run(client.answer(b"x" * 2000, b"y"))
    assert (status, seen[0][1]) == (200, b"x" * 2000 + b"y")
