"""A visitor's stream on a running desk: what it carries, to whom, and when it ends."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection

from accounts import clock, tenancy
from accounts.permissions import Actor
from conversations import actions as desk
from conversations.chat import actions, live, sessions, typing
from conversations.models import ChatSession, Widget
from tests.chat.conftest import begin, make
from tests.dialects import harness
from tests.factories import WorkspaceFactory, reply

pytestmark = pytest.mark.django_db(transaction=True)
SUFFIX = "chat"
PATIENCE = 60


@pytest.fixture(scope="module")
def base(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock(), harness.desk_process(SUFFIX) as (base, _):
        yield base


class Browser:
    """A visitor's browser on the running desk."""

    def __init__(self, base: str, widget: Widget, token: str) -> None:
        self.base, self.widget, self.token = base, widget, token

    def ask(self, method: str, path: str, data: Any = None) -> http.client.HTTPResponse:
        where = urlsplit(self.base)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {self.token}", "Origin": self.base, "Content-Type": "application/json"}
        body = json.dumps(data or {}) if method == "POST" else None
        connection.request(method, f"/widget/{self.widget.key}/api/{path}", body, headers)
        return connection.getresponse()

    def stream(self) -> Stream:
        return Stream(self.ask("GET", "stream"))


class Stream:
    """What comes of a stream, until it ends."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        assert answer.status == 200, answer.read()
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        self.answer = answer

    def next(self) -> dict[str, str] | None:
        """The next event; None at the end."""
        for line in self.answer:
            if line.startswith(b"data: "):
                found: dict[str, str] = json.loads(line[6:])
                return found
        return None


def opened(widget: Widget) -> tuple[str, ChatSession]:
    opened = actions.start_session(widget=widget, by=sessions.visitor(widget), at=clock.now())
    assert opened.token
    return opened.token, opened.session


def test_stream_carries_the_visitors_own_conversations_alone_and_nothing_that_is_the_teams(base: str) -> None:
    with harness.on_the_desks_database(SUFFIX):
        workspace = WorkspaceFactory()
        with tenancy.scope(workspace):
            widget = make(workspace)
            token, session = opened(widget)
            chat = begin(session)
            other_token, other = opened(widget)
            theirs = begin(other)
            mine, stranger = Browser(base, widget, token).stream(), Browser(base, widget, other_token).stream()
            assert mine.next() == stranger.next() == {"type": "ready"}
            act: dict[str, Any] = {"by": Actor.system(workspace.pk), "at": clock.now()}
            desk.note(conversation=chat, body="Inside.", **act)
            desk.set_tags(conversation=chat, names=["urgent"], **act)
            desk.escalate(conversation=chat, **act)
            reply(chat, "Hello!")
            assert mine.next() == {"type": "changed", "conversation": str(chat.public_id)}
            typing.agent_is_typing(chat, "Ben Ash")
            assert mine.next() == {"type": "typing", "conversation": str(chat.public_id), "name": "Ben Ash"}
            # What another tab of the same visitor has begun or seen is news here, too.
            Browser(base, widget, token).ask("POST", "conversations", {
                "id": (public_id := str(uuid.uuid4())), "message": {"id": str(uuid.uuid4()), "text": "Another."},
            }).read()  # fmt: skip
            assert mine.next() == {"type": "changed", "conversation": public_id}
            reply(theirs, "For you.")
            assert stranger.next() == {"type": "changed", "conversation": str(theirs.public_id)}


def test_stream_ends_with_its_session_and_with_its_widget_and_others_go_on(base: str) -> None:
    with harness.on_the_desks_database(SUFFIX):
        workspace = WorkspaceFactory()
        with tenancy.scope(workspace):
            widget, second = make(workspace), make(workspace, name="Second")
            (first_token, first), (token, _), (left_token, left) = opened(widget), opened(second), opened(widget)
            chat = begin(left)
            streams = [
                Browser(base, one, given).stream()
                for one, given in ((widget, first_token), (second, token), (widget, left_token))
            ]
            assert [one.next() for one in streams] == [{"type": "ready"}] * 3
            actions.end_session(session=first, by=sessions.visitor(widget, first.contact), at=clock.now())
            assert streams[0].next() is None
            actions.update_widget(widget=second, is_active=False, by=Actor.system(workspace.pk), at=clock.now())
            assert streams[1].next() is None
            reply(chat, "Still here?")
            assert streams[2].next() == {"type": "changed", "conversation": str(chat.public_id)}
            assert Browser(base, widget, first_token).ask("GET", "stream").status == 401
            # The body of a call that is not let in is not waited for; one that is too large is refused in JSON.
            answer = Browser(base, widget, left_token).ask("POST", "start", {"page": "x" * 2_000_000})
            assert (answer.status, json.loads(answer.read())["code"]) == (413, "too_large")


def test_one_browser_opens_so_many_streams_and_no_more(base: str) -> None:
    with harness.on_the_desks_database(SUFFIX):
        workspace = WorkspaceFactory()
        with tenancy.scope(workspace):
            widget = make(workspace)
            token, _ = opened(widget)
            streams = [Browser(base, widget, token).stream() for _ in range(live.MOST_STREAMS)]
            assert all(one.next() == {"type": "ready"} for one in streams)
            assert Browser(base, widget, token).ask("GET", "stream").status == 429


def test_call_while_the_database_is_away_gets_json_and_streams_go_on_afterwards(base: str) -> None:
    with harness.on_the_desks_database(SUFFIX):
        workspace = WorkspaceFactory()
        with tenancy.scope(workspace):
            widget = make(workspace)
            token, session = opened(widget)
            chat = begin(session)
            browser = Browser(base, widget, token)
            stream = browser.stream()
            assert stream.next() == {"type": "ready"}
            database = connection.settings_dict["NAME"]
            connection.close()
            with harness.database_away(database):
                answer = browser.ask("POST", "start")
                assert (answer.status, json.loads(answer.read())["code"]) == (503, "unavailable")
                assert answer.headers["Retry-After"]
            assert stream.next() == {"type": "resync"}
            reply(chat, "Back again.")
            assert stream.next() == {"type": "changed", "conversation": str(chat.public_id)}
            assert browser.ask("POST", "start").status == 200
