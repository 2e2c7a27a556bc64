"""A client of the Bancroft format, and what its tests share."""

from __future__ import annotations

import json
import re
from typing import Any

from django.test import Client

from accounts.credentials import identity
from accounts.models import Workspace

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
CONVERSATIONS = "/api/v1/conversations/"
CREATE = f"{CONVERSATIONS}create/"
KEYS = "/api/integrations/api-keys/create/"
BODY = {
    "subject": "Help with order #1234",
    "user_email": "customer@example.com",
    "user_first_name": "Jane",
    "user_last_name": "Doe",
    "description": "I need help with my order",
}


class Api:
    """A Bancroft client: JSON in, JSON out."""

    def __init__(self, key: str | None) -> None:
        self.client = Client(raise_request_exception=False)
        self.key = key

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        if self.key is not None:
            headers.setdefault("X-API-Key", self.key)
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        kwargs = {} if body is None else {"data": data, "content_type": "application/json"}
        return self.client.generic(method, path, headers=headers, **kwargs)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def create(self, **changes: Any) -> dict[str, Any]:
        answer = self.post(CREATE, {**BODY, **changes})
        assert answer.status_code == 201, answer.content
        return answer.json()


def proof(workspace: Workspace, email: str) -> dict[str, str]:
    """The headers by which a client key proves its end user."""
    return {"X-User-Email": email, "X-User-Hash": identity.email_hash(workspace, email)}
