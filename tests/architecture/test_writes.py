"""What a write costs: the statements of creating and replying in each format, and of dispatching what they recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from psycopg import _queries

from accounts import clock, journal
from accounts.models import Dispatch, Workspace
from conversations import actions
from conversations.actions.entries import Door
from conversations.assistant import actions as assistant_actions
from conversations.assistant.engines.protocol import Draft
from conversations.channels import outbox
from conversations.models import Channel, Conversation, Delivery, DeliveryState
from tests.conftest import Key, Member
from tests.factories import ContactFactory, ConversationFactory, receive

_DIFFERENT = count()
"""The same text in the same minute is a repeat."""
TICKETS = "/api/projects/@current/conversations/tickets"


class Scene:
    """A customer, a conversation of theirs and a ticket, with a key of the workspace."""

    def __init__(self, workspace: Workspace, secret: str) -> None:
        self.workspace = workspace
        self.contact = ContactFactory(workspace=workspace, external_id="mira", email="mira@example.com")
        self.conversation = ConversationFactory(workspace=workspace, contact=self.contact)
        self.client = Client()
        self.headers = {
            "woes": {"Authorization": f"Bearer {secret}"},
            "bancroft": {"X-API-Key": secret},
            "posthog": {"Authorization": f"Bearer {secret}"},
            "hexclave": {
                "x-stack-access-type": "server",
                "x-stack-project-id": "internal",
                "x-stack-secret-server-key": secret,
            },
        }
        self.ticket = self.call("posthog", "POST", f"{TICKETS}/", {"title": "Late", "message": "Where is it?"}).json()[
            "id"
        ]

    def call(self, dialect: str, method: str, path: str, body: dict[str, Any]) -> Any:
        answer = self.client.generic(method, path, json.dumps(body), "application/json", headers=self.headers[dialect])
        assert answer.status_code < 300, answer.content
        return answer


WOES, BANCROFT, HEXCLAVE = "/api/v1/conversations", "/api/v1/conversations/", "/api/v1/internal/conversations"


def start(scene: Scene, dialect: str, *, is_new: bool = False) -> Any:
    email = "new@example.com" if is_new else scene.contact.email
    match dialect:
        case "woes":
            customer = {"id": "new", "email": email} if is_new else {"id": "mira"}
            return scene.call(
                dialect, "POST", WOES, {"subject": "Late", "message": "Where is it?", "customer": customer}
            )
        case "bancroft":
            body = {"subject": "Late", "description": "Where is it?", "user_email": email}
            return scene.call(dialect, "POST", f"{BANCROFT}create/", body)
        case "hexclave":
            body = {
                "projectId": str(scene.workspace.public_id), "userId": "mira", "subject": "Late", "initialMessage": "Hello.",
                "priority": "normal",
            }  # fmt: skip
            return scene.call(dialect, "POST", HEXCLAVE, body)
    return scene.call(dialect, "POST", f"{TICKETS}/", {"title": "Late", "message": "Where is it?"})


def answer(scene: Scene, dialect: str) -> Any:
    one = scene.conversation.public_id
    match dialect:
        case "woes":
            return scene.call(dialect, "POST", f"{WOES}/{one}/messages", {"body": "On its way.", "role": "assistant"})
        case "bancroft":
            body = {"body": "On its way.", "user_email": "agent@example.com"}
            return scene.call(dialect, "POST", f"{BANCROFT}{one}/messages/create/", body)
        case "hexclave":
            body = {"projectId": str(scene.workspace.public_id), "type": "reply", "body": "On its way."}
            return scene.call(dialect, "PATCH", f"{HEXCLAVE}/{one}", body)
    return scene.call(
        dialect, "POST", f"{TICKETS}/{scene.ticket}/reply/", {"message": f"On its way. {next(_DIFFERENT)}"}
    )


def sent(call: Callable[[], Any]) -> list[str]:
    """The statements of a call, without those that find out who calls and those around the transaction."""
    with CaptureQueriesContext(connection) as captured:
        call()
    around = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    statements = [query["sql"] for query in captured if not query["sql"].startswith(around)]
    return [sql for sql in statements if 'FROM "accounts_apikey"' not in sql]


@pytest.fixture
def scene(in_acme: Workspace, acme_key: Key) -> Scene:
    made = Scene(in_acme, acme_key.secret)
    for dialect in ("woes", "bancroft", "hexclave", "posthog"):  # everything is compiled
        start(made, dialect)
        answer(made, dialect)
    return made


@pytest.mark.parametrize(
    ("dialect", "statements"),
    [
        pytest.param("woes", 2, id="woes: the contact, the rest"),
        pytest.param("bancroft", 2, id="bancroft: the same"),
        pytest.param("hexclave", 2, id="hexclave: the same"),
        pytest.param("posthog", 3, id="posthog: the contact, one of two numbers, the rest"),
    ],
)
def test_starting_a_conversation_sends_so_many_statements(scene: Scene, dialect: str, statements: int) -> None:
    found = sent(lambda: start(scene, dialect))
    assert len(found) == statements, "\n".join(found)


@pytest.mark.parametrize(
    ("dialect", "statements"),
    [
        pytest.param("woes", 7, id="woes: by id and by address, before and after the names are held"),
        pytest.param("bancroft", 5, id="bancroft: by address alone"),
    ],
)
def test_starting_a_conversation_with_somebody_new_looks_twice(scene: Scene, dialect: str, statements: int) -> None:
    found = sent(lambda: start(scene, dialect, is_new=True))
    assert len(found) == statements, "\n".join(found)


@pytest.mark.parametrize(
    ("dialect", "statements"),
    [
        pytest.param("woes", 2, id="woes: the conversation, the rest"),
        pytest.param("bancroft", 4, id="bancroft: whose address it is, and the member"),
        pytest.param("hexclave", 7, id="hexclave: its door, and the whole thread for the answer"),
        pytest.param("posthog", 6, id="posthog: the ticket twice, a repeat, and the ticket's figures"),
    ],
)
def test_replying_sends_so_many_statements(scene: Scene, dialect: str, statements: int) -> None:
    receive(scene.conversation)
    found = sent(lambda: answer(scene, dialect))
    assert len(found) == statements, "\n".join(found)


@pytest.mark.parametrize("dialect", ["woes", "bancroft", "hexclave", "posthog"])
def test_call_takes_no_savepoint(scene: Scene, dialect: str) -> None:
    for call in (start, answer):
        with CaptureQueriesContext(connection) as captured:
            call(scene, dialect)
        # The test's own transaction is around the request's, which is a savepoint for that reason alone.
        assert sum(query["sql"].startswith("SAVEPOINT") for query in captured) == 1


@pytest.mark.parametrize("dialect", ["woes", "bancroft", "hexclave", "posthog"])
def test_no_statement_has_more_values_than_the_driver_remembers(scene: Scene, dialect: str) -> None:
    """It would read the statement anew each time, which takes it longer than all else that it does for it."""
    counts: dict[str, int] = {}

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        counts[sql] = len(params or ())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        start(scene, dialect)
        answer(scene, dialect)
    assert any(sql.startswith("WITH i ") for sql in counts)
    assert max(counts.values()) <= _queries.MAX_CACHED_STATEMENT_PARAMS
    assert max(map(len, counts)) <= _queries.MAX_CACHED_STATEMENT_LENGTH


# --- Dispatching --------------------------------------------------------------------------------


def replied(workspace: Workspace, ben: Member, times: int, channel: Channel = Channel.API) -> None:
    for _ in range(times):
        row = ConversationFactory(workspace=workspace, door=Door(channel, "test"))
        actions.reply(conversation=row, body="On its way.", by=ben.actor, at=clock.now())


def drained() -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        journal.drain(1000)
    return [query["sql"] for query in captured]


def test_events_that_concern_nobody_cost_the_same_statements_for_one_and_for_fifty(
    in_acme: Workspace, ben: Member
) -> None:
    journal.drain(1000)
    replied(in_acme, ben, 1)
    one = drained()
    replied(in_acme, ben, 50)
    many = drained()
    assert len(one) == len(many) == 5  # a savepoint, the lock, the question, their end; the release
    assert not Dispatch.objects.exists()


def test_replies_that_are_mailed_cost_the_same_statements_for_one_and_for_fifty(
    in_acme: Workspace, ben: Member
) -> None:
    counts = []
    for times in (1, 1, 50):  # the first also compiles
        replied(in_acme, ben, times, channel=Channel.EMAIL)
        dispatched = drained()
        with CaptureQueriesContext(connection) as captured:
            outbox.deliver_due()
        counts.append((len(dispatched), len(captured)))
    (first, once), (second, fifty) = counts[1:]
    assert first == second == 9
    # Each is marked by itself as on its way, and again when it was taken, so that it is sent once; after a whole batch the
    # worker looks for more.
    assert fifty == once + 49 * 6 + 1
    assert not Delivery.objects.exclude(state=DeliveryState.SENT).exists()


def test_nothing_is_asked_about_the_assistant_where_it_has_no_part(in_acme: Workspace, ben: Member) -> None:
    replied(in_acme, ben, 3)
    # What concerns the assistant is asked within the one question for the batch.
    assert sum("conversations_assistantthread" in sql or "conversations_suggestion" in sql for sql in drained()) == 1


def test_message_is_loaded_once_for_its_delivery_and_once_for_all_other_reactions(
    in_acme: Workspace, ben: Member
) -> None:
    row = ConversationFactory(workspace=in_acme, door=Door(Channel.EMAIL, "test"))
    act: Any = {"by": ben.actor, "at": clock.now()}
    assistant_actions.make_suggestion(conversation=row, draft=Draft("On its way."), engine="builtin", **act)
    journal.drain(1000)
    actions.reply(conversation=row, body="On its way.", **act)
    loads = [sql for sql in drained() if sql.startswith("SELECT") and 'FROM "conversations_message"' in sql]
    assert len(loads) == 2
    assert Conversation.objects.get(pk=row.pk).suggestions.get().outcome == "accepted"
