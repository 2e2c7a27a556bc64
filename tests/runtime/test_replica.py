"""Reports from a real streaming replica, and from the primary where that is away or behind."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.test import Client

from accounts import replica
from accounts.permissions import Role
from config.server.backend.base import DatabaseWrapper
from tests import factories
from tests.dialects import harness
from tests.runtime import scratch, standby
from tests.runtime.machine import DEADLINE, ROOT, environment, eventually, free_port, get, manage, new_home, stop
from tests.runtime.standby import Server

TOKEN = "a-token-for-tests"
CONVERSATIONS = "SELECT count(*) FROM conversations_conversation"


@dataclass(frozen=True)
class Desk:
    home: Path
    base: str
    cookie: str
    key: str
    primary: Server
    replica: Server
    given: dict[str, str]

    def report(self) -> int:
        request = {"method": "GET", "path": "/w/acme/assistant", "headers": {"Cookie": f"sessionid={self.cookie}"}}
        return harness.send(self.base, request).status

    def asked(self, server: Server) -> int:
        """How often the report's rows were read on a server."""
        return int(
            server.ask(
                "SELECT coalesce(sum(seq_scan + idx_scan), 0) FROM pg_stat_user_tables WHERE relname = %s", TABLE
            )
        )


LIMIT = 3  # seconds
TABLE = "conversations_suggestion"


@pytest.fixture(scope="module")
def desk(django_db_blocker: pytest.FixtureRequest) -> Iterator[Desk]:
    with django_db_blocker.unblock(), new_home() as home, standby.replicated() as (primary, copy):  # type: ignore[attr-defined]
        with rows_of(primary):
            workspace = factories.WorkspaceFactory(slug="acme")
            ada = factories.MembershipFactory(workspace=workspace, role=Role.OWNER).user
            browser = Client()
            browser.force_login(ada, backend="allauth.account.auth_backends.AuthenticationBackend")
            key = factories.api_key(workspace)[1]
        port = free_port()
        given = {
            "DATABASE_URL": primary.address,
            "REPLICA_DATABASE_URL": copy.address,
            "PORT": str(port),
            "SECRET_KEY": settings.SECRET_KEY,
            "METRICS_TOKEN": TOKEN,
            "REPLICA_LAG_LIMIT": str(LIMIT),
        }
        log = (home / "log").open("w")
        web = subprocess.Popen(
            [sys.executable, "-m", "tests.runtime.role_process", "web"],
            cwd=ROOT,
            env=environment(home, **given),
            stdout=log,
            stderr=log,
        )
        base = f"http://127.0.0.1:{port}"
        try:
            eventually(lambda: web.poll() is not None or get(f"{base}/healthz")[0] == 200, "the web process")
            assert web.poll() is None, (home / "log").read_text()
            yield Desk(home, base, browser.cookies["sessionid"].value, key, primary, copy, given)
        finally:
            stop(web)
            log.close()


def rows_of(server: Server) -> AbstractContextManager[None]:
    theirs = connections[DEFAULT_DB_ALIAS].settings_dict | {
        "NAME": "desk",
        "USER": "parley",
        "HOST": "127.0.0.1",
        "PORT": str(server.port),
        "OPTIONS": {},
    }
    return scratch.asking(DatabaseWrapper(theirs, DEFAULT_DB_ALIAS))


def figures(desk: Desk) -> str:
    request = urllib.request.Request(f"{desk.base}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
        return str(answer.read().decode())


def test_report_is_read_on_the_replica_and_writing_goes_to_the_primary(desk: Desk) -> None:
    replays(desk)
    on_primary, on_replica = desk.asked(desk.primary), desk.asked(desk.replica)
    assert [desk.report() for _ in range(3)] == [200] * 3
    eventually(lambda: desk.asked(desk.replica) > on_replica, "the question on the replica")
    assert desk.asked(desk.primary) == on_primary
    request = {
        "method": "POST",
        "path": "/api/v1/conversations",
        "headers": {"Authorization": f"Bearer {desk.key}"},
        "body": {"subject": "Written", "customer": {"id": "cus_1"}},
    }
    assert harness.send(desk.base, request).status == 201
    assert desk.primary.ask(CONVERSATIONS) == 1
    eventually(lambda: desk.replica.ask(CONVERSATIONS) == 1, "the row on the replica")
    assert "parley_replica_lag_seconds 0.0" in figures(desk)
    assert "replica  " in manage_doctor(desk)


def test_replica_that_is_behind_is_not_asked(desk: Desk) -> None:
    """Its replay is stopped: it says so itself, however well it is connected."""
    replays(desk)
    desk.replica.ask("SELECT pg_wal_replay_pause()::text")
    try:
        desk.primary.ask("SELECT pg_current_xact_id()::text")
        desk.primary.ask("SELECT pg_switch_wal()::text")
        eventually(lambda: desk.replica.ask(replica.LAG) > LIMIT, "the lag")
        on_primary = desk.asked(desk.primary)
        assert desk.report() == 200
        eventually(lambda: desk.asked(desk.primary) > on_primary, "the question on the primary")
        assert "replica_behind seconds=" in (desk.home / "log").read_text()
        assert "lag_seconds 0.0" not in figures(desk)
    finally:
        desk.replica.ask("SELECT pg_wal_replay_resume()::text")
    replays(desk)


def test_primary_is_asked_while_the_replica_is_away(desk: Desk) -> None:
    desk.replica.stop()
    try:
        on_primary = desk.asked(desk.primary)
        assert [desk.report() for _ in range(3)] == [200] * 3
        eventually(lambda: desk.asked(desk.primary) > on_primary, "the question on the primary")
        assert "parley_replica_lag_seconds" not in figures(desk)
        assert "reports ask the primary" in manage_doctor(desk)
    finally:
        desk.replica.start()


def test_backup_can_be_taken_from_the_replica(desk: Desk) -> None:
    replays(desk)
    manage(desk.home, "backup", str(desk.home / "desk.parley"), DATABASE_URL=desk.replica.address)
    checked = manage(desk.home, "restore", str(desk.home / "desk.parley"), "--check", DATABASE_URL=desk.primary.address)
    assert re.search(r"[0-9]+ tables with [1-9]", checked)


def replays(desk: Desk) -> None:
    """The replica is connected, and has replayed everything."""

    def has() -> bool:
        try:
            return desk.replica.ask(replica.LAG) == 0
        except psycopg.Error:
            return False

    eventually(has, "the replay")


def manage_doctor(desk: Desk) -> str:
    process = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=ROOT,
        env=environment(desk.home, **desk.given),
        capture_output=True,
        text=True,
    )
    return process.stdout
