"""A client of Hexclave for tests: a customer with a key and a token, or an agent with a server key."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.test import Client

from accounts import clock
from accounts.credentials import identity
from accounts.models import KeyKind, Workspace
from conversations.models import Conversation
from tests.conftest import Member
from tests.factories import api_key

CUSTOMER = "/api/v1/internal/dogfood/support/conversations"
AGENT = "/api/v1/internal/conversations"
FEEDBACK = "/api/v1/internal/feedback"


def token(workspace: Workspace, external_id: str = "mira", **values: Any) -> str:
    """A token that the workspace's own backend would issue for a customer, an hour long."""
    values.setdefault("email", "mira@sample.test")
    values.setdefault("name", "Mira Okafor")
    values.setdefault("lifetime", timedelta(hours=1))
    values.setdefault("at", clock.now())
    return identity.issue_token(workspace, external_id=external_id, **values)


class Api:
    """Calls with the same headers every time."""

    def __init__(self, headers: dict[str, str], client: Client | None = None) -> None:
        self.headers = headers
        self.client = client or Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        kwargs = {} if body is None else {"data": data, "content_type": "application/json"}
        return self.client.generic(method, path, headers={**self.headers, **headers}, **kwargs)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("PATCH", path, body, **headers)


def customer(workspace: Workspace, external_id: str = "mira", **values: Any) -> Api:
    """A customer's browser: a client key, and the token that the workspace's backend gave them."""
    secret = api_key(workspace, kind=KeyKind.CLIENT)[1]
    return Api(
        {
            "x-stack-access-type": "client",
            "x-stack-project-id": str(workspace.public_id),
            "x-stack-publishable-client-key": secret,
            "x-stack-access-token": token(workspace, external_id, **values),
        }
    )


def agent(workspace: Workspace, **values: Any) -> Api:
    """The team's backend: a server key, calling the `internal` project as the dashboard does."""
    return Api(
        {
            "x-stack-access-type": "server",
            "x-stack-project-id": "internal",
            "x-stack-secret-server-key": api_key(workspace, **values)[1],
        }
    )


def violations(answer: Any) -> list[str]:
    """The lines of a SCHEMA_ERROR."""
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, "SCHEMA_ERROR"), answer.content
    assert body["details"] == {"message": body["error"]}
    head, *lines = body["error"].split("\n")
    assert head == f"Request validation failed on {answer.request['REQUEST_METHOD']} {answer.request['PATH_INFO']}:"
    return [line.removeprefix("  - ") for line in lines]


CHANGES: list[dict[str, Any]] = [
    {"type": "reply", "body": "Hello"},
    {"type": "internal-note", "body": "Hello"},
    {"type": "status", "status": "closed"},
    {"type": "metadata", "tags": ["vip"]},
]


def starting(project: str, **changes: Any) -> dict[str, Any]:
    """The body with which an agent begins a conversation with Mira."""
    return {
        "projectId": project,
        "userId": "mira",
        "subject": "  Follow-up on your migration ",
        "initialMessage": " Did the import finish? ",
        "priority": "high",
        **changes,
    }


class Case:
    """One conversation, as agents read and change it."""

    def __init__(self, api: Api, row: Conversation, project: str) -> None:
        self.api, self.path, self.project = api, f"{AGENT}/{row.public_id}", project

    def read(self) -> Any:
        answer = self.api.get(f"{self.path}?projectId={self.project}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def send(self, **body: Any) -> Any:
        return self.api.patch(self.path, {"projectId": self.project, **body})

    def change(self, **body: Any) -> Any:
        answer = self.send(**body)
        assert answer.status_code == 200, answer.content
        return answer.json()


def listed(api: Api, project: str, query: str = "") -> list[dict[str, Any]]:
    """The conversations of an agents' list."""
    answer = api.get(f"{AGENT}?projectId={project}&{query}")
    assert answer.status_code == 200, answer.content
    rows: list[dict[str, Any]] = answer.json()["conversations"]
    return rows


def browser(person: Member, *, checks: bool = False) -> Api:
    """A browser in which the person is signed in; it sends no key."""
    client = Client(enforce_csrf_checks=checks, raise_request_exception=False)
    client.force_login(person.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return Api({}, client)
