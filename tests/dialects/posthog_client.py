"""A PostHog client: JSON in, JSON out, below one project."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import Workspace
from conversations.models import Conversation
from tests.conftest import Key
from tickets.models import Ticket


class Posthog:
    """Calls of one key; paths are below the project's conversations unless they begin with a slash."""

    def __init__(self, key: str | None, project: object = "@current") -> None:
        self.client = Client(raise_request_exception=False)
        self.key = key
        self.base = f"/api/projects/{project}/conversations/"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        if self.key is not None:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        kwargs = {} if body is None else {"data": data, "content_type": "application/json"}
        where = path if path.startswith("/") else self.base + path
        return self.client.generic(method, where, headers=headers, **kwargs)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str) -> Any:
        return self.call("DELETE", path)

    def create(self, **body: Any) -> dict[str, Any]:
        """A ticket, made by the call that is documented for it."""
        answer = self.post("tickets", body)
        assert answer.status_code == 201, answer.content
        made: dict[str, Any] = answer.json()
        return made

    def numbers(self, query: str = "") -> list[int]:
        """The numbers of the tickets that a list with these parameters shows."""
        answer = self.get(f"tickets?{query}")
        assert answer.status_code == 200, answer.content
        rows = answer.json()["results"]
        assert answer.json()["count"] == len(rows)
        return [row["ticket_number"] for row in rows]


@pytest.fixture(name="api")
def posthog_api(acme: Workspace, acme_key: Key) -> Posthog:
    """A server key of acme, on acme's own number."""
    return Posthog(acme_key.secret, acme.pk)


def row_of(made: dict[str, Any]) -> Ticket:
    """The row behind a printed ticket."""
    return Ticket.all_workspaces.get(public_id=made["id"])


def thread_of(made: dict[str, Any]) -> Conversation:
    """The conversation that was made with a ticket."""
    return Conversation.all_workspaces.get(ticket__public_id=made["id"])


def refusal(answer: Any) -> tuple[Any, ...]:
    """Status, type, code and field of an error body."""
    body = answer.json()
    assert set(body) == {"type", "code", "detail", "attr"}, body
    assert body["detail"]
    return answer.status_code, body["type"], body["code"], body["attr"]
