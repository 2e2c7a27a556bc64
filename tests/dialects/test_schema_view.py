"""The OpenAPI documents in the form that is asked for, and what stands at their head."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.test import Client

from conversations.api import discovery

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
JSON, YAML = "application/json", "application/yaml"


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("", None, JSON),
        ("", "", JSON),
        ("", "*/*", JSON),
        ("", "application/*", JSON),
        ("", JSON, JSON),
        ("", "Application/JSON; charset=utf-8", JSON),
        ("", YAML, YAML),
        ("", f"{YAML}, {JSON};q=0.9", YAML),
        ("", f"{JSON};q=0.1, {YAML};q=0.8", YAML),
        ("", f"{JSON};q=0, */*", YAML),
        ("", "text/yaml", "text/yaml"),
        ("", "application/x-yaml", "application/x-yaml"),
        ("", "application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
        ("", "application/vnd.oai.openapi", "application/vnd.oai.openapi"),
        ("", CHROMIUM, JSON),
        ("", "text/csv, nonsense, */*;q=0.01", JSON),
        ("?format=yaml", None, YAML),
        ("?format=yaml", JSON, YAML),
        ("?format=json", "text/csv", JSON),
    ],
)
def test_document_comes_in_the_form_that_is_asked_for(query: str, accept: str | None, kind: str) -> None:
    for path in ("/api/schema", "/api/schema/woes") if accept in (None, YAML) else ("/api/schema/woes",):
        answer = Client().get(f"{path}{query}", headers={} if accept is None else {"Accept": accept})
        assert (answer.status_code, answer["Content-Type"], answer["Vary"]) == (200, kind, "Accept")
        document = yaml.safe_load(answer.content) if "yaml" in kind or kind.endswith("openapi") else answer.json()
        assert document["openapi"].startswith("3.1")


@pytest.mark.parametrize(
    ("query", "accept"), [("", "text/html"), ("", "image/png, text/csv"), ("", f"{JSON};q=0"), ("?format=xml", JSON)]
)
def test_form_that_there_is_not_is_406_in_json(query: str, accept: str) -> None:
    answer = Client().get(f"/api/schema{query}", headers={"Accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (406, JSON)
    assert answer.json()["code"] == "not_acceptable"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = Client().get("/api/schema").json()
    return found


def test_head_says_where_the_desk_is_whose_it_is_and_what_may_be_done_with_it(document: dict[str, Any]) -> None:
    assert [server["url"] for server in document["servers"]] == ["http://127.0.0.1:8000", "/"]
    assert document["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
    assert document["info"]["contact"]["url"] == "http://127.0.0.1:8000"


def test_each_format_is_described_and_says_which_credential_goes_where(document: dict[str, Any]) -> None:
    titles = [dialect.title for dialect in discovery.all_dialects()]
    assert [tag["name"] for tag in document["tags"]] == titles
    assert all(tag["description"] for tag in document["tags"])
    for dialect in discovery.all_dialects():
        assert f"| {dialect.title} |" in document["info"]["description"]
        own = Client().get(f"/api/schema/{dialect.name}").json()
        assert [tag["name"] for tag in own["tags"]] == [dialect.title]
        assert own["info"]["description"].count("\n| ") == len(dialect.credentials) + 1


def test_every_parameter_and_operation_is_described(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], (method, path)
            assert operation["description"], (method, path)
            for parameter in operation.get("parameters", []):
                assert parameter.get("description"), (method, path, parameter["name"])


def shapes(value: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of a document, with where it stands."""
    if isinstance(value, dict):
        yield at, value
        for name, inner in value.items():
            if name != "examples":
                yield from shapes(inner, f"{at}/{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from shapes(inner, f"{at}/{number}")


def test_no_object_has_a_name_whose_type_its_other_names_contradict(document: dict[str, Any]) -> None:
    """TypeScript refuses an index signature that a named property does not fit, or makes a type of it that nothing has."""
    for at, schema in shapes(document):
        rest = schema.get("additionalProperties")
        if schema.get("type") == "object" and schema.get("properties") and isinstance(rest, dict) and rest:
            assert all(named == rest for named in schema["properties"].values()), at


def test_addresses_are_emails_and_lists_that_are_never_empty_say_so(document: dict[str, Any]) -> None:
    known = document["components"]["schemas"]
    for name, field in (
        ("WoesCustomer", "email"), ("BancroftRequester", "email"), ("BancroftMessage", "sender_email"),
        ("HexclaveConversation", "user_primary_email"), ("HexclaveSender", "primary_email"),
        ("HexclaveAgentConversation", "userPrimaryEmail"), ("HexclaveAgentSender", "primaryEmail"),
        ("PosthogUser", "email"), ("PosthogAssigneeUser", "email"), ("PosthogTicket", "email_from"),
        ("PosthogComposeInput", "recipient_email"), ("BancroftMessageInput", "user_email"),
    ):  # fmt: skip
        assert known[name]["properties"][field].get("format") == "email", (name, field)
    for name, field in (
        ("PosthogBulkStatusInput", "ids"), ("PosthogBulkTagsInput", "ids"), ("PosthogPerson", "distinct_ids"), ("HexclaveThread", "messages"),
    ):  # fmt: skip
        assert known[name]["properties"][field].get("minItems") == 1, (name, field)
