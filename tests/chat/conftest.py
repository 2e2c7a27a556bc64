"""What tests of the chat share: a widget, and visitors who write with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
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
