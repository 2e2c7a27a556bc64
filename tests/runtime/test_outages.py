"""A web process whose database goes away and comes back: what each door says meanwhile, and that it recovers by itself."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from conversations.models import Conversation
from tests import factories
from tests.dialects import harness
from tests.runtime.machine import eventually

pytestmark = pytest.mark.django_db

SUFFIX = "outage"
NO_DATABASE = "The desk cannot reach its database. Try again in a moment."
WOES = "/api/v1/conversations"

SAID: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "Woes": (WOES, lambda body: json.loads(body) == {"code": "unavailable", "error": NO_DATABASE}),
    "Bancroft": (f"{WOES}/", lambda body: json.loads(body) == {"detail": NO_DATABASE}),
    "PostHog": (
        "/api/projects/@current/conversations/tickets",
        lambda body: (
            json.loads(body) == {"type": "server_error", "code": "unavailable", "detail": NO_DATABASE, "attr": None}
        ),
    ),
    "Hexclave": ("/api/v1/internal/conversations", lambda body: body.decode().startswith(NO_DATABASE)),
    "a page": ("/accounts/login/", lambda body: NO_DATABASE in body.decode() and "</html>" in body.decode()),
}


@pytest.fixture(scope="module")
def web(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[str, str]]:
    """Its address and a key."""
    with django_db_blocker.unblock(), harness.desk_process(SUFFIX) as (base, _):
        with harness.on_the_desks_database(SUFFIX):
            key = factories.api_key(factories.WorkspaceFactory(slug="acme"))[1]
        yield base, key


def ask(web: tuple[str, str], path: str, body: object = None) -> harness.Answer:
    base, key = web
    request: dict[str, Any] = {"method": "GET", "path": path, "headers": {"Authorization": f"Bearer {key}"}}
    if body is not None:
        request |= {"method": "POST", "body": body}
    if "/internal/" in path:
        request["headers"] = {
            "x-stack-access-type": "server",
            "x-stack-project-id": "internal",
            "x-stack-secret-server-key": key,
        }
    if path == "/accounts/login/":
        request["headers"] = {"Cookie": f"sessionid={'x' * 32}"}
        request["path"] = "/w/acme/inbox"  # needs the session
    return harness.send(base, request)


def test_every_door_says_that_the_database_is_away_and_works_again_afterwards(
    web: tuple[str, str], django_db_blocker: Any
) -> None:
    base, _ = web
    name = f"{connection.settings_dict['NAME']}_{SUFFIX}"
    with django_db_blocker.unblock():
        assert ask(web, WOES).status == 200
        for _ in range(2):  # connections that were lost, and then none to be had
            with harness.database_away(name):
                for door, (path, is_said) in SAID.items():
                    answer = ask(web, path)
                    assert (door, answer.status) == (door, 503)
                    assert int(answer.headers["Retry-After"]) > 0
                    assert is_said(answer.content), (door, answer.content)
                assert harness.send(base, {"method": "GET", "path": "/healthz"}).status == 200
                ready = harness.send(base, {"method": "GET", "path": "/readyz"})
                assert (ready.status, json.loads(ready.content)["sick"]) == (503, "database")
        assert ask(web, WOES).status == 200


def test_connection_that_is_lost_in_the_middle_of_a_request_changes_nothing(
    web: tuple[str, str], django_db_blocker: Any
) -> None:
    answers: list[harness.Answer] = []
    with django_db_blocker.unblock(), harness.on_the_desks_database(SUFFIX):
        writing = threading.Thread(
            target=lambda: answers.append(ask(web, WOES, {"subject": "Lost", "customer": {"id": "cus_1"}}))
        )
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE conversations_conversation IN EXCLUSIVE MODE")
            writing.start()
            eventually(lambda: _waiting("count(*)"), "the request in the database")
            _waiting("pg_terminate_backend(pid)")
            writing.join(20)
        assert [answer.status for answer in answers] == [503]
        assert not Conversation.all_workspaces.filter(subject="Lost").exists()
        assert ask(web, WOES, {"subject": "Again", "customer": {"id": "cus_1"}}).status == 201


def _waiting(what: str) -> int:
    """Asked of the connections that wait for a lock; by a session of its own, for a transaction sees them as they were."""
    with harness.maintenance() as cursor:
        name = f"{connection.settings_dict['NAME'].removesuffix(f'_{SUFFIX}')}_{SUFFIX}"
        cursor.execute(f"SELECT {what} FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s", [name])
        return int(cursor.fetchone()[0])
