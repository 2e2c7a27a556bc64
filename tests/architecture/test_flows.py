"""What three requests run through, from the web front to the last row: few rooms, few modules, and never back up."""

from __future__ import annotations

import asyncio
import html
import json
import re
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from config.server.bodies import Limits
from config.server.front import Front, Guard
from config.server.visitors import Visitors
from tests.architecture.trace import FLOW, Trace, tracing
from tests.conftest import Key, Member
from tests.dialects.assistant_client import QUESTION, work
from tests.factories import ConversationFactory
from tests.runtime.machine import DEADLINE

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")
Flow = Callable[["Desk"], Coroutine[Any, Any, None]]
CSRF = "c" * 32


@dataclass(frozen=True)
class Bounds:
    """At most so many; raise one only for a reason."""

    rooms: int
    climbs: int
    modules: int


Keeps = Callable[[str, Bounds, Flow], None]


class Exchange:
    """A request to the front, and what has come of its answer."""

    def __init__(self, front: Front, method: str, url: str, headers: dict[str, str], body: bytes) -> None:
        path, query = urlsplit(url).path, urlsplit(url).query
        sent = {"host": "localhost", "content-length": str(len(body)), **headers}
        self.scope: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 4711),
        }
        self.status, self.text, self.is_over = 0, "", False
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._changed = asyncio.Condition()
        self._incoming.put_nowait({"type": "http.request", "body": body})
        self._task = asyncio.ensure_future(front(self.scope, self._incoming.get, self._send))

    async def _send(self, message: Any) -> None:
        async with self._changed:
            self.status = message.get("status", self.status)
            self.text += message.get("body", b"").decode()
            self.is_over = message["type"] == "http.response.body" and not message.get("more_body")
            self._changed.notify_all()

    async def until(self, mark: str) -> None:
        """Wait for a part of the answer."""
        async with asyncio.timeout(DEADLINE), self._changed:
            await self._changed.wait_for(lambda: mark in self.text or self.is_over)
        assert mark in self.text, f"{self.status}: {self.text}"

    async def whole(self) -> str:
        """Wait for the rest of the answer."""
        async with asyncio.timeout(DEADLINE):
            await self._task
        assert self.status in (200, 201), self.text
        return self.text

    async def leave(self) -> None:
        self._incoming.put_nowait({"type": "http.disconnect"})
        await self.whole()


class Desk:
    """A web front over all of Django, with one request thread, and another thread that is not traced."""

    def __init__(self, elsewhere: ThreadPoolExecutor) -> None:
        limits, visitors = Limits(body=10**6, upload=10**6), Visitors(most=9, proxies=0)
        self.front = Front(WSGIHandler(), threads=1, queue=9, limits=limits, visitors=visitors)
        self._elsewhere = elsewhere

    def ask(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> Exchange:
        return Exchange(self.front, method, url, headers, body)

    async def inside(self, call: Callable[..., object], *args: Any) -> None:
        """In the request thread."""
        await asyncio.wrap_future(self.front.pool.submit(call, *args))

    async def elsewhere(self, call: Callable[..., T], *args: Any) -> T:
        """In a thread that is not traced: what others do meanwhile."""
        return await asyncio.wrap_future(self._elsewhere.submit(call, *args))

    async def stop(self) -> None:
        await self.inside(connections.close_all)
        await self.elsewhere(connections.close_all)
        messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        messages.put_nowait({"type": "lifespan.shutdown"})
        await self.front({"type": "lifespan"}, messages.get, messages.put)


@pytest.fixture
def keeps(monkeypatch: pytest.MonkeyPatch, record_property: Callable[..., None]) -> Iterator[Keeps]:
    """Plays a flow twice, traces it the second time, and compares."""
    # On a slow machine a stream may last until its access is checked again, which is no part of the flow.
    monkeypatch.setattr(sys.modules[Guard.__module__], "CHECK_EVERY", DEADLINE)

    async def played(flow: Flow) -> Trace:
        desk = Desk(elsewhere)
        try:
            await flow(desk)
            with tracing() as trace:
                await desk.inside(sys.setprofile, trace.see)
                await flow(desk)
                await desk.inside(sys.setprofile, None)
            return trace
        finally:
            await desk.stop()

    def check(name: str, bounds: Bounds, flow: Flow) -> None:
        trace = asyncio.run(played(flow))
        found = trace.report()
        record_property(FLOW, {"name": name, **found})
        for kind, most in asdict(bounds).items():
            assert len(found[kind]) <= most, f"{name}: more than {most} {kind}: {', '.join(found[kind])}"

    with ThreadPoolExecutor(1) as elsewhere:
        yield check


def test_message_over_woes(acme_key: Key, keeps: Keeps) -> None:
    conversation = ConversationFactory(workspace=acme_key.row.workspace)
    headers = {**acme_key.bearer, "Content-Type": "application/json"}
    body = json.dumps({"role": "user", "body": "It never came."}).encode()

    async def flow(desk: Desk) -> None:
        url = f"/api/v1/conversations/{conversation.public_id}/messages"
        assert "It never came." in await desk.ask("POST", url, headers, body).whole()

    keeps("Woes message", Bounds(rooms=8, climbs=0, modules=60), flow)


def test_reply_from_the_inbox_with_its_live_event(ben: Member, keeps: Keeps) -> None:
    browser = ben.signed_in()
    unassigned = iter([ConversationFactory(workspace=ben.membership.workspace) for _ in range(2)])
    session = _session(browser)
    posted = {**session, "HX-Request": "true", "Content-Type": MULTIPART_CONTENT}
    body = encode_multipart(BOUNDARY, {"body": "On its way."})

    async def flow(desk: Desk) -> None:
        conversation = next(unassigned)
        url = f"/w/acme/inbox/{conversation.number}"
        page = await desk.elsewhere(lambda: browser.get(f"{url}?view=open").content.decode())
        seen = f"message={_data(page, 'message')}&event={_data(page, 'event')}"
        stream = desk.ask("GET", "/w/acme/inbox/stream", session)
        await stream.until('"type":"ready"')
        answer = desk.ask("POST", f"{url}/reply?view=open&{seen}", posted, body)
        brought = await answer.whole()
        assert "On its way." in brought
        assert f'data-listed="{conversation.pk}"' in brought  # The page asks for nothing more.
        await stream.until('"type":"reply.sent"')
        await stream.leave()

    # The stream also says who is typing in a chat. The one climb: the channels have registered who says whether one of them takes the reply to its customer.
    keeps("Inbox reply with its live event", Bounds(rooms=16, climbs=1, modules=110), flow)


def test_conversation_with_the_assistant_is_created_and_streamed(acme_key: Key, keeps: Keeps) -> None:
    headers = {**acme_key.bearer, "Content-Type": "application/json"}
    body = json.dumps({"content": QUESTION}).encode()

    async def flow(desk: Desk) -> None:
        stream = desk.ask("POST", "/api/projects/@current/conversations", headers, body)
        await stream.until('"status":"in_progress"')
        made = re.search(r"event: conversation\ndata: (.*)\n", stream.text)
        assert made is not None
        await desk.elsewhere(work, json.loads(made[1]))
        assert '"type":"ai"' in await stream.whole()

    keeps("Create or stream", Bounds(rooms=10, climbs=0, modules=90), flow)


def _session(browser: Client) -> dict[str, str]:
    cookies = {**{name: morsel.value for name, morsel in browser.cookies.items()}, "csrftoken": CSRF}
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "X-CSRFToken": CSRF}


def _data(page: str, name: str) -> str:
    """The value of a data attribute, which names what the page has or asks for."""
    found = re.search(rf'data-{name}="([^"]*)"', page)
    assert found is not None, name
    return html.unescape(found[1])
