"""The lines of the log: every line of a request, a job or an event says so, and none repeats what people wrote."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection
from django.http import HttpResponse

from accounts import journal, log_context
from accounts.live.hub import Hub
from accounts.live.responses import LiveContext, LiveResponse
from accounts.models import Dispatch, User, Workspace
from accounts.permissions import Actor
from config.logs import Json, Line
from config.server.bodies import Headers, Limits
from config.server.front import Front
from config.server.metrics import Metrics
from config.server.passing import Desk
from config.server.visitors import Visitors
from tests.runtime.machine import DEADLINE, ROOT, environment
from tests.runtime.test_front import Client, make

logger = logging.getLogger("tests.lines")


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What is logged, as JSON, written where the line is written."""
    written: list[dict[str, Any]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(self.format(record)))

    handler = Kept()
    handler.setFormatter(Json())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def test_lines_of_a_request_carry_the_id_of_its_answer(lines: list[dict[str, Any]]) -> None:
    def view(environ: Any) -> HttpResponse:
        logger.warning("in a thread")
        if environ["PATH_INFO"] == "/live":
            return LiveResponse(follow, access=None)
        return HttpResponse("ok")

    def ask_the_database() -> None:
        logger.warning("in a thread of a stream")

    async def follow(context: LiveContext) -> AsyncIterator[bytes]:
        logger.warning("on the loop")
        await context.run(ask_the_database)
        yield b"x"

    async def ask() -> list[str]:
        front = make(view)
        answers = await asyncio.gather(*(Client(front, path).answer() for path in ("/x", "/live")))
        return [headers[b"x-request-id"].decode() for _, headers, _ in answers]

    plain, live = asyncio.run(ask())
    assert plain != live
    assert [line["message"] for line in lines if line.get("request") == plain] == ["in a thread"]
    assert [line["message"] for line in lines if line.get("request") == live] == [
        "in a thread", "on the loop", "in a thread of a stream"
    ]  # fmt: skip
    logger.warning("outside")
    assert "request" not in lines[-1]


@pytest.mark.parametrize("proxies", [0, 1])
def test_only_a_trusted_proxy_names_a_request(proxies: int) -> None:
    async def ask() -> bytes:
        front = Front(
            lambda environ, start: (start("200 OK", []), HttpResponse())[1],  # type: ignore[arg-type]
            threads=1,
            queue=1,
            limits=Limits(body=1, upload=1),
            visitors=Visitors(most=9, proxies=proxies),
            desk=Desk(Metrics(["desk"]), proxies=proxies),
        )
        headers: Headers = [(b"x-request-id", b"given")]
        return (await Client(front, headers=headers).answer())[1][b"x-request-id"]

    assert (asyncio.run(ask()) == b"given") == bool(proxies)


def test_refusal_of_the_front_has_an_id_too() -> None:
    async def ask() -> dict[bytes, bytes]:
        front = make(lambda environ: HttpResponse("ok"), body_limit=1)
        status, headers, _ = await Client(front, method="POST", headers=[(b"content-length", b"99")]).answer(b"x" * 99)
        assert status == 413
        return headers

    assert b"x-request-id" in asyncio.run(ask())


@pytest.mark.django_db
def test_lines_of_a_reaction_carry_its_event(
    lines: list[dict[str, Any]], acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accounts import actions
    from accounts.journal import dispatch
    from accounts.models import Event

    monkeypatch.setattr(dispatch, "_reactions", {"workspace.updated": [("one", lambda event: logger.warning("heard"))]})
    Dispatch.objects.all().delete()
    from django.utils import timezone

    actions.update_workspace(workspace=acme, name="Acme Ltd", by=Actor.system(acme.pk), at=timezone.now())
    journal.drain()
    event = Event.objects.latest("pk")
    assert [line["event"] for line in lines if line["message"] == "heard"] == [event.pk]


@pytest.mark.django_db
@pytest.mark.parametrize("formatter", [Line(), Json()])
def test_traceback_repeats_no_row(formatter: logging.Formatter) -> None:
    from django.db import transaction

    written = "ada@secret.example"
    User.objects.create(email=written)
    record = None
    try:
        with transaction.atomic():
            User.objects.create(email=written)
    except IntegrityError:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "failed", (), sys.exc_info())
    assert record is not None
    text = formatter.format(record)
    assert "duplicate key value violates unique constraint" in text
    assert written not in text
    assert "Traceback" in text


@pytest.mark.django_db
@pytest.mark.parametrize("formatter", [Line(), Json()])
def test_traceback_repeats_no_line_of_what_was_written(formatter: logging.Formatter) -> None:
    written = "Dear team,\n\nmy secret\nHINT: is mine\nThe above exception was a secret"
    record = None
    try:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO accounts_workspace (slug, name) VALUES (%s, %s)", ["acme", written])
    except IntegrityError:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "failed", (), sys.exc_info())
    assert record is not None
    text = formatter.format(record)
    assert "violates not-null constraint" in text
    assert "secret" not in text
    assert "is mine" not in text


@pytest.mark.parametrize("formatter", [Line(), Json()])
def test_errors_that_lead_back_to_each_other_are_logged(formatter: logging.Formatter) -> None:
    """A library's error whose cause was raised while the same error was being dealt with, say."""
    first, second = psycopg.Error("first\nDETAIL: secret"), psycopg.Error("second\nDETAIL: secret")
    first.__cause__, second.__context__ = second, first
    text = formatter.format(logging.LogRecord("x", logging.ERROR, "", 1, "failed", (), (type(first), first, None)))
    assert "first" in text
    assert "second" in text
    assert "secret" not in text


def test_line_for_people_ends_with_what_it_belongs_to() -> None:
    record = logging.LogRecord("desk", logging.WARNING, "", 1, "count=%s", (3,), None)
    with log_context.about({"job": 7, "task": "mail"}), log_context.about({"event": 9}):
        assert Line().format(record).endswith(" WARNING desk count=3 job=7 task=mail event=9")
    assert Line().format(record).endswith(" WARNING desk count=3")


def test_line_of_json_is_one_line_whatever_is_in_it() -> None:
    record = logging.LogRecord("desk", logging.WARNING, "", 1, "a\nb \ud800 %s", (object,), None)
    text = Json().format(record)
    assert "\n" not in text
    assert json.loads(text)["message"].startswith("a\nb ")


def test_processes_say_everything_as_json_where_it_is_asked_for(tmp_path: Any) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "config.server", "worker"],
        cwd=ROOT,
        env=environment(tmp_path, DATABASE_URL="postgresql://x@127.0.0.1:1/x", LOG_FORMAT="json"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert any("cannot reach the database" in line["message"] for line in lines)


def test_lines_of_what_many_requests_share_belong_to_none_of_them() -> None:
    seen: list[log_context.Facts] = []

    async def connect() -> Any:
        seen.append(log_context.current())
        raise OSError("away")

    async def start() -> None:
        log_context.begin({"request": "the first"})
        hub = Hub(connect)
        events = hub.events(1)
        waiting = asyncio.ensure_future(anext(events))
        async with asyncio.timeout(DEADLINE):
            while not seen:
                await asyncio.sleep(0)
        waiting.cancel()
        await hub.close()

    asyncio.run(start())
    assert seen[0] == {}
