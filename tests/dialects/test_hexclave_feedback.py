"""The feedback form of the Hexclave wire format: anyone may send it, and known customers get a conversation."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import KeyKind, Workspace
from conversations import actions
from conversations.dialects.hexclave import tasks as hexclave_tasks
from conversations.dialects.hexclave.views import feedback
from conversations.models import Contact, Conversation
from tests.dialects.hexclave_client import CUSTOMER, FEEDBACK, Api, agent, customer, token, violations
from tests.factories import api_key

pytestmark = pytest.mark.django_db

BODY = {"name": "Ana", "email": "ana@sample.test", "message": " Docs link is dead. ", "feedback_type": "bug"}


@pytest.fixture(autouse=True)
def recipients(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FEEDBACK_RECIPIENTS = ["ops@acme.example", "ceo@acme.example"]
    monkeypatch.setattr(feedback, "ANONYMOUS", feedback.limits.Buckets(30))


def queued() -> list[dict[str, Any]]:
    return [job.args for job in ProcrastinateJob.objects.filter(task_name="mail_feedback").order_by("id")]


def test_anyone_may_send_feedback(db: None) -> None:
    answer = Api({}).post(FEEDBACK, BODY)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    (job,) = queued()
    assert job["subject"] == "[Bug Report] ana@sample.test"
    hexclave_tasks.mail_feedback(**job)
    (sent,) = mail.outbox
    assert (sent.subject, sent.to, sent.reply_to) == (
        "[Bug Report] ana@sample.test",
        ["ops@acme.example", "ceo@acme.example"],
        ["ana@sample.test"],
    )
    assert " Docs link is dead. " in sent.body
    assert "Ana" in sent.body
    assert not Conversation.all_workspaces.exists()


def test_signed_in_customer_gets_a_conversation(acme: Workspace) -> None:
    mira = customer(acme)
    body = {"email": "other@sample.test", "message": "Please help"}
    assert mira.post(FEEDBACK, body).json() == {"success": True}
    (row,) = mira.get(CUSTOMER).json()["conversations"]
    assert (row["subject"], row["source"], row["priority"], row["preview"]) == (
        "[Support] other@sample.test",
        "api",
        "normal",
        "Please help",
    )
    stored = Conversation.all_workspaces.get()
    (door,) = stored.entry_points.all()
    assert (door.channel, door.adapter, door.is_entry_point) == ("api", "dashboard-support-form", True)
    assert stored.contact.email == "mira@sample.test"
    (job,) = queued()
    assert (job["subject"], "Acme" in job["body"], "mira" in job["body"]) == ("[Support] other@sample.test", True, True)


def test_key_without_a_user_makes_no_conversation(acme: Workspace) -> None:
    nobody = customer(acme)
    del nobody.headers["x-stack-access-token"]
    for api in (nobody, agent(acme)):
        assert api.post(FEEDBACK, BODY).json() == {"success": True}
    assert len(queued()) == 2
    assert not Contact.all_workspaces.exists()


def test_server_access_with_a_user_makes_one(acme: Workspace) -> None:
    api = agent(acme)
    api.headers["x-stack-access-token"] = token(acme)
    assert api.post(FEEDBACK, BODY).json() == {"success": True}
    assert Conversation.all_workspaces.get().contact.external_id == "mira"


def test_key_that_may_not_write_still_sends_feedback(acme: Workspace) -> None:
    secret = api_key(acme, kind=KeyKind.CLIENT, scopes=["conversation:read"])[1]
    api = Api({"Authorization": f"Bearer {secret}", "x-stack-access-token": token(acme)})
    assert api.post(FEEDBACK, BODY).status_code == 200
    assert len(queued()) == 1
    assert not Conversation.all_workspaces.exists()


def test_credentials_that_are_sent_must_be_good(acme: Workspace) -> None:
    mira = customer(acme)
    for name, code in (
        ("x-stack-publishable-client-key", "INVALID_PUBLISHABLE_CLIENT_KEY"),
        ("x-stack-access-token", "UNPARSABLE_ACCESS_TOKEN"),
    ):
        answer = mira.post(FEEDBACK, BODY, **{name: "nonsense"})
        assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert queued() == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"message": ""}, "body.message must not be empty"),
        ({"message": "   "}, "body.message must not be empty"),
        ({"message": "\u0016\u2800"}, "body.message must not be empty"),
        ({"message": "x" * 5001}, "body.message must be at most 5000 characters"),
        ({"message": None}, "body.message cannot be null"),
        ({"email": ""}, "body.email must not be empty"),
        ({"email": "nobody"}, "body.email must be a valid email"),
        ({"email": "a@b.example\nBcc: c@d.example"}, "body.email must be a valid email"),
        ({"email": ["a@b.example"]}, 'body.email must be a `string` type, but the final value was: `[\n    "a@b.example"\n  ]`.'),
        ({"name": "x" * 101}, "body.name must be at most 100 characters"),
        ({"name": None}, "body.name cannot be null"),
        ({"name": "x\x00"}, "body.name must not contain NUL characters"),
        ({"feedback_type": "praise"}, "body.feedback_type must be one of the following values: feedback, bug"),
        ({"page": "/docs"}, "body contains unknown properties: page"),
    ],
)  # fmt: skip
def test_bad_feedback_is_a_schema_error_and_is_not_sent(db: None, change: dict[str, Any], line: str) -> None:
    answer = Api({}).post(FEEDBACK, {**BODY, **change})
    assert "\n".join(violations(answer)) == line
    assert answer["X-Stack-Known-Error"] == "SCHEMA_ERROR"
    assert queued() == []


def test_email_and_message_are_enough(db: None) -> None:
    assert violations(Api({}).post(FEEDBACK, {})) == ["body.email must be defined", "body.message must be defined"]
    assert Api({}).post(FEEDBACK, {"email": "a@b.example", "message": 12}).status_code == 200
    assert queued()[0]["subject"] == "[Support] a@b.example"


def test_nobody_is_mailed_where_nobody_is_set(settings: Any, acme: Workspace) -> None:
    settings.FEEDBACK_RECIPIENTS = []
    assert customer(acme).post(FEEDBACK, BODY).json() == {"success": True}
    assert queued() == []
    hexclave_tasks.mail_feedback(subject="x", body="y", reply_to="a@b.example")
    assert mail.outbox == []
    assert Conversation.all_workspaces.count() == 1


def test_nothing_is_sent_when_the_conversation_fails(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "start", lambda **kwargs: 1 / 0)
    assert customer(acme).post(FEEDBACK, BODY).status_code == 500
    assert queued() == []
    assert not Contact.all_workspaces.exists()


def test_repeating_with_the_same_key_sends_once(acme: Workspace) -> None:
    mira = customer(acme)
    for _ in range(2):
        assert mira.post(FEEDBACK, BODY, **{"Idempotency-Key": "f1"}).json() == {"success": True}
    assert len(queued()) == 1


@pytest.mark.usefixtures("no_time_passes_for_limits")
def test_one_address_sends_so_much_a_minute(db: None) -> None:
    answers = [Api({}).post(FEEDBACK, BODY) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[-1]["Content-Type"] == "text/plain; charset=utf-8"
    assert int(answers[-1]["Retry-After"]) > 0
    assert len(queued()) == 10


def test_forms_with_mistakes_are_not_counted(db: None) -> None:
    for _ in range(30):
        assert violations(Api({}).post(FEEDBACK, {**BODY, "message": ""})) == ["body.message must not be empty"]
    assert Api({}).post(FEEDBACK, BODY).status_code == 200
