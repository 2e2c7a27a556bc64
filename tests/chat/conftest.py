"""What tests of the chat share: a widget, and visitors who write with it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.channels.chat import limits
from conversations.chat import actions, sessions
from conversations.chat.proofs import Identity
from conversations.models import ChatSession, Conversation, Widget


def make(workspace: Workspace, **values: Any) -> Widget:
    """A widget of the workspace."""
    given = {"name": "Website", "by": Actor.system(workspace.pk), "at": clock.now(), **values}
    return actions.create_widget(workspace=workspace, **given)


def start(widget: Widget, **values: Any) -> ChatSession:
    """The session of a visitor whom nobody knows."""
    values.setdefault("at", clock.now())
    return actions.start_session(widget=widget, by=sessions.visitor(widget), **values).session


def begin(session: ChatSession, body: str = "Hello?", **values: Any) -> Conversation:
    """A conversation that a visitor begins."""
    by = sessions.visitor(session.widget, session.contact)
    return actions.start_conversation(session=session, body=body, by=by, at=clock.now(), **values).conversation


def identify(session: ChatSession, **values: Any) -> actions.Opened:
    """The visitor proves who they are: by default as u_41."""
    identity = Identity(is_signed=True, **(values or {"external_id": "u_41", "name": "Nia Okafor"}))
    by = sessions.visitor(session.widget)
    return actions.identify_visitor(widget=session.widget, identity=identity, session=session, by=by, at=clock.now())


@pytest.fixture
def widget(acme: Workspace) -> Iterator[Widget]:
    """Acme's widget, with the scope of acme open."""
    with tenancy.scope(acme):
        yield make(acme)


class Browser:
    """The frame of a widget in a browser: its calls, with the token that it has."""

    def __init__(self, widget: Widget, token: str | None = None, origin: str = "http://testserver") -> None:
        self.widget, self.token, self.origin = widget, token, origin
        self.client = Client()

    def call(self, method: str, path: str, data: Any = None, *, files: list[Any] | None = None, **headers: str) -> Any:
        given = {"Origin": self.origin, **headers}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        address = f"/widget/{self.widget.key}/api/{path}"
        if files is not None:
            return self.client.post(address, {"json": json.dumps(data), "files": files}, headers=given)
        if method == "GET":
            return self.client.get(address, headers=given)
        body = data if isinstance(data, bytes) else json.dumps(data or {})
        return self.client.generic(method, address, body, content_type="application/json", headers=given)

    def get(self, path: str) -> Any:
        return self._checked(self.call("GET", path))

    def post(self, path: str, data: Any = None, **more: Any) -> Any:
        return self._checked(self.call("POST", path, data, **more))

    def begin(self, text: str = "Hello?", **more: Any) -> Any:
        """A conversation, and the token that comes with a visitor's first."""
        message = {"id": str(uuid.uuid4()), "text": text}
        shown = self.post("conversations", {"id": str(uuid.uuid4()), "message": message, **more})
        self.token = shown.get("token", self.token)
        return shown["conversation"]

    def write(self, conversation: str, text: str, **more: Any) -> Any:
        return self.post(f"conversations/{conversation}/messages", {"id": str(uuid.uuid4()), "text": text}, **more)

    @staticmethod
    def _checked(answer: Any) -> Any:
        assert answer.status_code in (200, 204), (answer.status_code, answer.content)
        return answer.json() if answer.content else None


@pytest.fixture(autouse=True)
def nothing_was_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins as the first visitor of its address."""
    for buckets in (limits.READS, limits.WRITES, limits.SIGNALS, limits.WIDGET, limits.PAGES):
        monkeypatch.setattr(buckets, "_left", {})
