"""A web process whose database goes away and comes back, or whose disk is full: what each door says, and what goes on."""

from __future__ import annotations

import json
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import Workspace
from accounts.permissions import Role
from conversations.models import Conversation, Message
from tests import factories
from tests.dialects import harness
from tests.runtime.machine import DEADLINE, eventually

pytestmark = pytest.mark.django_db

SUFFIX = "outage"
NO_DATABASE = "The desk cannot reach its database. Try again in a moment."
WOES = "/api/v1/conversations"

ANSWERS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "Woes": (WOES, lambda body: json.loads(body) == {"code": "unavailable", "error": NO_DATABASE}),
    "Bancroft": (f"{WOES}/", lambda body: json.loads(body) == {"detail": NO_DATABASE}),
    "PostHog": (
        "/api/projects/@current/conversations/tickets",
        lambda body: (
            json.loads(body) == {"type": "server_error", "code": "unavailable", "detail": NO_DATABASE, "attr": None}
        ),
    ),
    "Hexclave": (
        "/api/v1/internal/conversations?projectId=acme",
        lambda body: body.decode().startswith(NO_DATABASE),
    ),
    "a page": ("/accounts/login/", lambda body: NO_DATABASE in body.decode() and "</html>" in body.decode()),
}


@dataclass(frozen=True)
class Web:
    """A web process, its number, and a key."""

    base: str
    pid: int
    key: str


@pytest.fixture(scope="module")
def web(django_db_setup: None, django_db_blocker: Any) -> Iterator[Web]:
    with django_db_blocker.unblock(), harness.desk_process(SUFFIX) as (base, pid):
        with harness.on_the_desks_database(SUFFIX):
            key = factories.api_key(factories.WorkspaceFactory(slug="acme"))[1]
        yield Web(base, pid, key)


def ask(web: Web, path: str, body: object = None) -> harness.Answer:
    request: dict[str, Any] = {"method": "GET", "path": path, "headers": {"Authorization": f"Bearer {web.key}"}}
    if body is not None:
        request |= {"method": "POST", "body": body}
    if "/internal/" in path:
        request["headers"] = {
            "x-stack-access-type": "server",
            "x-stack-project-id": "internal",
            "x-stack-secret-server-key": web.key,
        }
    if path == "/accounts/login/":
        request["headers"] = {"Cookie": f"sessionid={'x' * 32}"}
        request["path"] = "/w/acme/inbox"  # needs the session
    return harness.send(web.base, request)


def test_every_door_says_that_the_database_is_away_and_works_again_afterwards(web: Web, django_db_blocker: Any) -> None:
    name = f"{connection.settings_dict['NAME']}_{SUFFIX}"
    with django_db_blocker.unblock():
        assert ask(web, WOES).status == 200
        for _ in range(2):  # connections that were lost, and then none to be had
            with harness.database_away(name):
                for door, (path, is_expected) in ANSWERS.items():
                    answer = ask(web, path)
                    assert (door, answer.status) == (door, 503)
                    assert int(answer.headers["Retry-After"]) > 0
                    assert is_expected(answer.content), (door, answer.content)
                assert harness.send(web.base, {"method": "GET", "path": "/healthz"}).status == 200
                ready = harness.send(web.base, {"method": "GET", "path": "/readyz"})
                assert (ready.status, json.loads(ready.content)["sick"]) == (503, "database")
        assert ask(web, WOES).status == 200


def test_connection_that_is_lost_in_the_middle_of_a_request_changes_nothing(web: Web, django_db_blocker: Any) -> None:
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
            writing.join(DEADLINE)
        assert [answer.status for answer in answers] == [503]
        assert not Conversation.all_workspaces.filter(subject="Lost").exists()
        assert ask(web, WOES, {"subject": "Again", "customer": {"id": "cus_1"}}).status == 201


def _waiting(what: str) -> int:
    """Asked of the connections that wait for a lock; by a session of its own, for a transaction sees them as they were."""
    with harness.maintenance() as cursor:
        name = f"{connection.settings_dict['NAME'].removesuffix(f'_{SUFFIX}')}_{SUFFIX}"
        cursor.execute(
            f"SELECT {what} FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = %s AND backend_type = 'client backend'",
            [name],
        )
        return int(cursor.fetchone()[0])


# --- A full disk --------------------------------------------------------------------------------


@contextmanager
def full_disk(pid: int, room: int) -> Iterator[None]:
    """The process can write no file longer than so many bytes, which ends like a disk that is full."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def test_full_disk_refuses_uploads_and_lets_people_read_on(web: Web, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock(), harness.on_the_desks_database(SUFFIX):
        workspace = Workspace.objects.get(slug="acme")
        ben = factories.MembershipFactory(workspace=workspace, role=Role.AGENT).user
        browser = Client()
        browser.force_login(ben, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = browser.cookies["sessionid"].value
        assert ask(web, WOES, {"subject": "Full", "customer": {"id": "cus_1"}, "message": "Hello"}).status == 201
        thread = Conversation.all_workspaces.get(subject="Full")
        path = f"/w/acme/inbox/{thread.number}"
        headers = {"Cookie": f"sessionid={session}; csrftoken={'c' * 32}", "X-CSRFToken": "c" * 32}

        def attach(size: int) -> harness.Answer:
            body = (
                '--x\r\nContent-Disposition: form-data; name="body"\r\n\r\nHere it is\r\n'
                '--x\r\nContent-Disposition: form-data; name="uploads"; filename="a.bin"\r\n\r\n'
                + "a" * size
                + "\r\n--x--\r\n"
            )
            form = {**headers, "Content-Type": "multipart/form-data; boundary=x"}
            return harness.send(web.base, {"method": "POST", "path": f"{path}/note", "headers": form, "raw": body})

        before = Message.all_workspaces.filter(conversation=thread).count()
        for size in (300_000, 900_000):  # kept in memory until it is stored, and on its way on the disk already
            with full_disk(web.pid, 100_000):
                answer = attach(size)
                assert answer.status == 503
                assert "no space left" in answer.content.decode()
                assert harness.send(web.base, {"method": "GET", "path": path, "headers": headers}).status == 200
                assert ask(web, WOES).status == 200
        with full_disk(web.pid, 1000):
            ready = harness.send(web.base, {"method": "GET", "path": "/readyz"})
            assert (ready.status, json.loads(ready.content)["parts"]["storage"]) == (503, "full")
        assert Message.all_workspaces.filter(conversation=thread).count() == before
        assert attach(300_000).status in (200, 302)
        assert Message.all_workspaces.filter(conversation=thread).count() == before + 1
