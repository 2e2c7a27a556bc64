"""Repeating a request, in every format: secrets of an answer are not given to anyone else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.credentials import identity
from accounts.models import KeyKind
from conversations.api import discovery
from conversations.models import Conversation
from tests.dialects import bancroft_client
from tests.dialects.access import Access
from tests.dialects.bancroft_client import Api as Bancroft
from tests.dialects.harness import routes
from tests.dialects.test_woes import CONVERSATIONS
from tests.dialects.test_woes import Api as Woes
from tests.factories import api_key

pytestmark = pytest.mark.django_db
DIALECTS = [dialect.name for dialect in discovery.all_dialects()]
_OPENS = re.compile(r"token|secret|^key$", re.IGNORECASE)


def names(value: Any) -> Iterator[str]:
    """All names in a JSON value, at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names(inner)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kind", ["client_key", "server_key"])
def test_repeat_by_a_caller_who_proves_nobody_holds_nothing_that_opens_anything(dialect: str, kind: str) -> None:
    access = Access(dialect)
    minted = 0
    for route in routes():
        if route.dialect != dialect or route.method not in ("POST", "PUT", "PATCH"):
            continue
        operation = access.operation(route)
        if "session" in operation:
            headers = access.scene.fill(operation["session"])
        else:
            headers = access.headers(route, access.scene.names[kind], kind=kind.removesuffix("_key"))
        call = (route, access.path(route), {**headers, "Idempotency-Key": f"once {route}"}, access.body(route))
        first, again = access.call(*call), access.call(*call)
        if first.status_code >= 400 or not first["Content-Type"].startswith("application/json"):
            continue
        opening = {name for name in names(first.json()) if _OPENS.search(name)}
        minted += bool(opening)
        if "Idempotent-Replayed" in again:
            assert again.status_code == first.status_code
            assert {name for name in names(again.json()) if _OPENS.search(name)} <= {"original_tool_call_id"}, route
            assert set(names(again.json())) == set(names(first.json())) - opening, route
        elif not route.pattern.callback.cls.is_idempotent:  # type: ignore[attr-defined]
            continue  # kept for no repeat: a secret, or what a browser sends
        else:
            assert opening or first.content != again.content or not access.body(route), route
    assert minted or kind == "server_key" or dialect in ("hexclave", "posthog")


def started(dialect: str, key: str, proof: dict[str, str] | None = None) -> Any:
    """A conversation begun from a web page with the same Idempotency-Key each time."""
    once = {"Idempotency-Key": "1", **(proof or {})}
    if dialect == "woes":
        return Woes(key).post(CONVERSATIONS, {"subject": "Help", "customer": {"id": "visitor"}}, **once)
    return Bancroft(key).post(bancroft_client.CREATE, {"subject": "Help"}, **once)


@pytest.mark.parametrize(("dialect", "token"), [("woes", "conversationToken"), ("bancroft", "conversation_token")])
@pytest.mark.parametrize("unverified", [False, True])
def test_second_visitor_is_not_given_the_firsts_token(acme: Any, dialect: str, token: str, unverified: bool) -> None:
    _, key = api_key(acme, kind=KeyKind.CLIENT, unverified_identity=unverified)
    first, second = started(dialect, key), started(dialect, key)
    assert (first.status_code, second.status_code, second["Idempotent-Replayed"]) == (201, 201, "true")
    assert token in first.json()
    assert second.json() == {name: value for name, value in first.json().items() if name != token}
    assert Conversation.all_workspaces.count() == 1
    assert json.loads(second.content).get(token) is None


@pytest.mark.parametrize("dialect", ["woes", "bancroft"])
def test_repeat_by_the_same_proven_person_is_the_whole_first_answer(acme: Any, dialect: str) -> None:
    _, key = api_key(acme, kind=KeyKind.CLIENT)
    mine, yours = (
        {"X-User-Email": email, "X-User-Hash": identity.email_hash(acme, email)}
        for email in ("jane@example.com", "joan@example.com")
    )
    first, again = started(dialect, key, mine), started(dialect, key, mine)
    assert (again["Idempotent-Replayed"], again.json()) == ("true", first.json())
    other = started(dialect, key, yours)
    assert "Idempotent-Replayed" not in other
    assert other.json() != first.json()
