"""The Hexclave format's OpenAPI document, held against what its calls take and answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Contact
from tests.dialects.hexclave_client import AGENT, CHANGES, CUSTOMER, FEEDBACK, agent, customer, starting
from tests.factories import ConversationFactory

pytestmark = pytest.mark.django_db

ONE = "{conversation_id}"


@pytest.fixture
def document(db: None) -> dict[str, Any]:
    made: dict[str, Any] = Client().get("/api/schema/hexclave").json()
    return made


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def conforms(document: dict[str, Any], value: Any, schema: dict[str, Any]) -> bool:
    whole = {**schema, "components": document["components"]}
    return not list(Draft202012Validator(whole, format_checker=FormatChecker()).iter_errors(value))


def test_every_call_is_described_once_with_an_id_of_its_own(document: dict[str, Any]) -> None:
    ids = {call: operation["operationId"] for call, operation in operations(document).items()}
    assert ids == {
        f"GET {CUSTOMER}": "listHexclaveCustomerConversations",
        f"POST {CUSTOMER}": "createHexclaveCustomerConversation",
        f"GET {CUSTOMER}/{ONE}": "getHexclaveCustomerConversation",
        f"PATCH {CUSTOMER}/{ONE}": "replyHexclaveCustomerConversation",
        f"GET {AGENT}": "listHexclaveConversations",
        f"POST {AGENT}": "createHexclaveConversation",
        f"GET {AGENT}/{ONE}": "getHexclaveConversation",
        f"PATCH {AGENT}/{ONE}": "updateHexclaveConversation",
        f"POST {FEEDBACK}": "sendHexclaveFeedback",
    }
    assert {tag for operation in operations(document).values() for tag in operation["tags"]} == {"Hexclave"}


def test_answers_are_what_the_document_says(document: dict[str, Any], acme: Workspace) -> None:
    calls = operations(document)
    mira, team, project = customer(acme), agent(acme), str(acme.public_id)

    def check(call: str, answer: Any) -> Any:
        assert answer.status_code == 200, answer.content
        schema = calls[call]["responses"]["200"]["content"]["application/json"]["schema"]
        assert conforms(document, answer.json(), schema), call
        # Every key that is described is there: the product leaves none out.
        assert set(answer.json()) == set(_resolved(document, schema)["properties"])
        for name in calls[call]["responses"]["200"]["headers"]:
            assert name == "Idempotent-Replayed" or name in answer
        return answer.json()

    made = check(f"POST {CUSTOMER}", mira.post(CUSTOMER, {"subject": "x", "message": "y"}))["conversation_id"]
    check(f"PATCH {CUSTOMER}/{ONE}", mira.patch(f"{CUSTOMER}/{made}", {"message": "z"}))
    for change in (*CHANGES, {"type": "metadata", "assignedToUserId": "jon", "assignedToDisplayName": "Jon"}):
        check(f"PATCH {AGENT}/{ONE}", team.patch(f"{AGENT}/{made}", {"projectId": project, **change}))
    check(f"GET {CUSTOMER}", mira.get(CUSTOMER))
    check(f"GET {CUSTOMER}/{ONE}", mira.get(f"{CUSTOMER}/{made}"))
    check(f"POST {AGENT}", team.post(AGENT, starting(project)))
    nobody = actions.identify(workspace=acme, by=Actor.system(acme.pk), at=clock.now())
    ConversationFactory(workspace=acme, contact=nobody, body=None)
    assert len(check(f"GET {AGENT}", team.get(f"{AGENT}?projectId={project}"))["conversations"]) == 3
    check(f"GET {AGENT}/{ONE}", team.get(f"{AGENT}/{made}?projectId={project}"))
    check(f"POST {FEEDBACK}", mira.post(FEEDBACK, {"email": "a@b.example", "message": "x"}))
    assert Contact.all_workspaces.count() == 2


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return found


@pytest.mark.parametrize(
    ("body", "is_good"),
    [
        ({"type": "reply", "body": "Hello"}, True),
        ({"type": "reply", "body": " Hello"}, False),
        ({"type": "reply", "body": ""}, False),
        ({"type": "reply", "body": 12}, False),
        ({"type": "internal-note", "body": "Two\nlines"}, True),
        ({"type": "internal-note", "body": "Hello\n"}, False),
        ({"type": "status", "status": "closed"}, True),
        ({"type": "status", "status": "resolved"}, False),
        ({"type": "status", "status": "open", "body": "x"}, False),
        ({"type": "metadata"}, True),
        ({"type": "metadata", "assignedToUserId": None, "tags": ["", "vip"]}, True),
        ({"type": "metadata", "tags": None}, False),
        ({"type": "metadata", "priority": "p2"}, False),
        ({"type": "merge"}, False),
        ({}, False),
    ],
)
def test_update_is_described_as_the_union_that_it_is(
    document: dict[str, Any], acme: Workspace, body: dict[str, Any], is_good: bool
) -> None:
    row = ConversationFactory(workspace=acme)
    body = {"projectId": str(acme.public_id), **body}
    described = operations(document)[f"PATCH {AGENT}/{ONE}"]["requestBody"]
    assert described["required"] is True
    schema = described["content"]["application/json"]["schema"]
    assert len(schema["oneOf"]) == 4
    assert conforms(document, body, schema) is is_good
    assert (agent(acme).patch(f"{AGENT}/{row.public_id}", body).status_code == 200) is is_good


def test_errors_are_described_in_both_their_shapes(document: dict[str, Any]) -> None:
    described = operations(document)[f"PATCH {AGENT}/{ONE}"]["responses"]
    assert set(described) == {"200", "400", "401", "403", "404", "413", "429", "500", "503"}
    for status in ("400", "403", "404"):
        assert set(described[status]["content"]) == {"application/json", "text/plain"}
        assert "x-stack-known-error" in described[status]["headers"]
    assert set(described["401"]["content"]) == {"application/json"}
    for status in ("413", "429", "500", "503"):
        assert set(described[status]["content"]) == {"text/plain"}


def test_credentials_are_described_as_the_ways_there_are(document: dict[str, Any]) -> None:
    calls = operations(document)
    assert calls[f"GET {CUSTOMER}"]["security"] == [
        {"hexclaveClientAccess": [], "hexclaveProject": [], "hexclaveClientKey": [], "hexclaveAccessToken": []},
        {"bearerKey": [], "hexclaveAccessToken": []},
    ]
    assert calls[f"GET {AGENT}"]["security"] == [
        {"hexclaveServerAccess": [], "hexclaveProject": [], "hexclaveServerKey": []},
        {"bearerKey": []},
        {"operatorSession": [], "operatorCsrfToken": []},
    ]
    assert {} in calls[f"POST {FEEDBACK}"]["security"]
    headers = {scheme.get("name") for scheme in document["components"]["securitySchemes"].values()}
    assert {"x-stack-access-type", "x-stack-project-id", "x-stack-secret-server-key", "x-stack-access-token"} <= headers
