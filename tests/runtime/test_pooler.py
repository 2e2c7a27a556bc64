"""A whole desk behind a real PgBouncer in transaction mode: each transaction may run in another session of the database."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.test import Client
from psycopg.conninfo import conninfo_to_dict

from accounts.permissions import Role
from conversations.models import Conversation, Message
from tests import factories, template
from tests.dialects import harness
from tests.runtime import pooler, scratch
from tests.runtime.machine import DEADLINE, ROOT, environment, eventually, free_port, get, new_home, stop

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 15
"""Of all calls, from several clients at once: each connection of the desk executes each statement several times."""
CLIENTS = 6
AGENT = {"x-stack-access-type": "server", "x-stack-project-id": "internal"}


@dataclass(frozen=True)
class Pooled:
    """A desk whose database is reached through the pooler."""

    base: str
    direct: str
    pooled: str
    key: str
    project: str
    cookie: str
    number: int
    log: Path


@contextmanager
def desk(**more: str) -> Iterator[Pooled]:
    with new_home() as home, template.copied() as direct, pooler.before(direct) as pooled:
        with rows_of(direct):
            workspace = factories.WorkspaceFactory(slug="acme")
            ben = factories.MembershipFactory(workspace=workspace, role=Role.AGENT).user
            browser = Client()
            browser.force_login(ben, backend="allauth.account.auth_backends.AuthenticationBackend")
            number = factories.ConversationFactory(workspace=workspace).number
            key = factories.api_key(workspace)[1]
        port = free_port()
        given = {"DATABASE_URL": pooled, "DIRECT_DATABASE_URL": direct, "PORT": str(port), "API_CALLS_PER_MINUTE": "0"}
        given["SECRET_KEY"] = settings.SECRET_KEY  # the session was signed with it
        base = f"http://127.0.0.1:{port}"
        log = home / "log"
        with log.open("w") as out:
            roles = [
                subprocess.Popen(
                    [sys.executable, "-m", "tests.runtime.role_process", role],
                    cwd=ROOT,
                    env=environment(home, **given, **more),
                    stdout=out,
                    stderr=out,
                )
                for role in ("web", "worker")
            ]
        try:
            eventually(lambda: roles[0].poll() is not None or get(f"{base}/healthz")[0] == 200, "the web process")
            assert roles[0].poll() is None, log.read_text()
            yield Pooled(
                base, direct, pooled, key, str(workspace.public_id), browser.cookies["sessionid"].value, number, log
            )
        finally:
            stop(*roles)


def rows_of(address: str) -> AbstractContextManager[None]:
    """This thread writes and reads in that database meanwhile."""
    return scratch.asking(scratch.named(str(conninfo_to_dict(address)["dbname"])))


def calls(desk: Pooled, mark: str) -> list[dict[str, Any]]:
    """One list, one read and one write of every format, and what an agent does in the inbox."""
    bearer = {"Authorization": f"Bearer {desk.key}"}
    agent = AGENT | {"x-stack-secret-server-key": desk.key}
    browser = {"Cookie": f"sessionid={desk.cookie}; csrftoken={'c' * 32}", "X-CSRFToken": "c" * 32}
    form = browser | {"Content-Type": "application/x-www-form-urlencoded"}
    thread = f"/w/acme/inbox/{desk.number}"
    woes, posthog = "/api/v1/conversations", "/api/projects/@current/conversations/tickets"
    return [
        {"method": "GET", "path": woes, "headers": bearer},
        {
            "method": "POST",
            "path": woes,
            "headers": bearer,
            "body": {"subject": mark, "customer": {"id": f"cus_{mark}"}},
        },
        {"method": "GET", "path": f"{woes}/", "headers": bearer},
        {
            "method": "POST",
            "path": f"{woes}/create/",
            "headers": bearer,
            "body": {"subject": mark, "user_email": f"{mark}@example.com", "description": "Help"},
        },
        {"method": "GET", "path": f"/api/v1/internal/conversations?projectId={desk.project}", "headers": agent},
        {"method": "GET", "path": posthog, "headers": bearer},
        {
            "method": "POST",
            "path": posthog,
            "headers": bearer,
            "body": {"title": mark, "message": "The export is empty."},
        },
        {"method": "GET", "path": "/w/acme/inbox", "headers": browser},
        {"method": "GET", "path": "/w/acme/inbox?q=export", "headers": browser},
        {"method": "GET", "path": thread, "headers": browser},
        {"method": "POST", "path": f"{thread}/reply", "headers": form, "raw": f"body=Reply+{mark}"},
        {"method": "GET", "path": "/w/acme/assistant", "headers": browser},
        {"method": "GET", "path": "/readyz"},
    ]


def played(desk: Pooled) -> Counter[tuple[str, str, int]]:
    """Every call from several clients at once; how often each was answered with which status."""

    def play(number: int) -> list[tuple[str, str, int]]:
        return [
            (call["method"], call["path"], harness.send(desk.base, call).status) for call in calls(desk, f"m{number}")
        ]

    with ThreadPoolExecutor(CLIENTS) as threads:
        return Counter(answer for answers in threads.map(play, range(ROUNDS)) for answer in answers)


def test_every_door_works_when_each_transaction_has_another_session() -> None:
    with desk() as running:
        eventually(lambda: harness.send(running.base, {"method": "GET", "path": "/readyz"}).status == 200, "readiness")
        answers = played(running)
        bad = {call: count for call, count in answers.items() if call[2] not in (200, 201)}
        assert bad == {("POST", f"/w/acme/inbox/{running.number}/reply", 302): ROUNDS}  # back to the thread
        assert sum(answers.values()) == ROUNDS * len(calls(running, ""))
        with rows_of(running.direct):
            assert Conversation.all_workspaces.count() == 1 + 3 * ROUNDS
            assert Message.all_workspaces.filter(body__startswith="Reply m").count() == ROUNDS
        # What follows from events is the worker's, which has worked them off.
        waiting = "SELECT count(*) FROM accounts_dispatch"
        eventually(lambda: not _one(running.direct, waiting), "the reactions")
        assert 2 <= _sessions(running) <= pooler.SIZE  # shared by the request threads and the jobs


def test_live_updates_pass_by_the_pooler() -> None:
    with desk() as running:
        where = urlsplit(running.base)
        wire = http.client.HTTPConnection(where.hostname or "", where.port, timeout=DEADLINE)
        wire.request("GET", "/w/acme/inbox/stream", headers={"Cookie": f"sessionid={running.cookie}"})
        stream = wire.getresponse()
        assert stream.status == 200
        while b"ready" not in stream.readline():
            pass
        body = {"subject": "Live", "customer": {"id": "cus_live"}}
        bearer = {"Authorization": f"Bearer {running.key}"}
        call = {"method": "POST", "path": "/api/v1/conversations", "headers": bearer, "body": body}
        assert harness.send(running.base, call).status == 201
        while b"conversation" not in (line := stream.readline()):
            assert line, "the stream ended"
        wire.close()


def test_calls_of_these_tests_notice_statements_that_are_prepared_in_another_session() -> None:
    with desk(PREPARE_AFTER="0") as running:
        assert [call for call in played(running) if call[2] >= 500]
        assert "prepared statement" in running.log.read_text()


def _one(address: str, statement: str) -> Any:
    with scratch.connect(address) as direct:
        row = direct.execute(statement).fetchone()
        assert row is not None
        return row[0]


def _sessions(desk: Pooled) -> int:
    """The sessions that the pooler has opened in the desk's database."""
    admin = desk.pooled.rpartition("/")[0] + "/pgbouncer"
    with psycopg.connect(admin, autocommit=True, row_factory=psycopg.rows.dict_row) as console:
        return len([row for row in console.execute("SHOW SERVERS").fetchall() if row["database"] == "pooled"])


def test_pooler_is_what_it_is_taken_for() -> None:
    """In transaction mode and without help for prepared statements: where they are lost, and not silently kept."""

    def prepare(*wires: psycopg.Connection[Any]) -> None:
        for wire in wires * 3:
            wire.execute("SELECT 1 WHERE %s", [True])
            wire.commit()

    with (
        template.copied() as direct,
        pooler.before(direct) as pooled,
        psycopg.connect(pooled, prepare_threshold=0) as one,
        psycopg.connect(pooled, prepare_threshold=0) as two,
    ):
        sessions = {wire.execute("SELECT pg_backend_pid()").fetchone() for wire in (one, two)}
        assert len(sessions) == 2
        one.commit()
        two.commit()
        with pytest.raises(psycopg.Error, match="prepared statement"):
            prepare(one, two)
