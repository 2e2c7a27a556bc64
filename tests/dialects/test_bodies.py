"""The bodies with which Swagger fills its forms: each writing call has one, and the desk takes it as it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conversations.api import discovery
from tests.dialects import harness
from tests.dialects.access import Access
from tests.dialects.harness import Route, routes

pytestmark = pytest.mark.django_db
DIALECTS = [dialect.name for dialect in discovery.all_dialects()]
_TICKET = "/api/projects/{project_id}/conversations/tickets/{id}"
# What a call changes must be there first: made by another call, whose answer names it.
_MADE_BY = {
    "message_id": (f"POST {_TICKET}/reply", "A private note", ("id",)),
    "short_id": ("POST /api/projects/{project_id}/conversations/views", "Urgent ones", ("short_id",)),
}


class Reader:
    """Somebody who tries a format's calls out: their own key and ids, and otherwise what the document proposes."""

    def __init__(self, dialect: str, desk: str) -> None:
        self.access, self.desk = Access(dialect), desk
        self.access.scene.add({"contact": "known", "external_id": "cus_123"})
        document = json.loads(harness.send(desk, {"method": "GET", "path": f"/api/schema/{dialect}"}).content)
        self.components = document["components"]
        bodies = {
            f"{method.upper()} {path}": operation["requestBody"]
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if "requestBody" in operation
        }
        self.contents = {name: body["content"]["application/json"] for name, body in bodies.items()}
        self.optional = [name for name, body in bodies.items() if not body.get("required")]
        self.routes = {str(route): route for route in routes() if route.dialect == dialect}

    def own(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body with the ids that only this workspace has."""
        names = self.access.scene.names
        own = {"projectId": str(names["workspace"].public_id)}
        if "outage" in names:
            own["ids"] = [str(names["outage"].public_id)]
        if "site" in names:
            own["token"] = names["site"].posthog_token
        return {name: own.get(name, value) for name, value in body.items()}

    def send(self, name: str, example: str | None = None) -> harness.Answer:
        examples = self.contents[name]["examples"]
        return self.call(name, self.own(examples[example or next(iter(examples))]["value"]))

    def call(self, name: str, body: dict[str, Any] | None) -> harness.Answer:
        route = self.routes[name]
        operation = self.access.operation(route)
        if "session" in operation:
            headers = self.access.scene.fill(operation["session"])
        else:
            kind = "client" if "/dogfood/" in route.path else "server"
            headers = self.access.headers(route, self.access.scene.names[f"{kind}_key"], kind=kind)
        headers = {**headers, "Accept": "application/json"}
        request = {"method": route.method, "path": self.path(route), "headers": headers}
        return harness.send(self.desk, request | ({} if body is None else {"body": body}))

    def path(self, route: Route) -> str:
        path = self.access.path(route)
        for parameter in route.parameters:
            if parameter in _MADE_BY:
                unknown = str(self.access.scene.fill(self.access.stated["parameters"][parameter]))
                path = path.replace(unknown, self.made(parameter))
        return path

    def made(self, parameter: str) -> str:
        name, example, where = _MADE_BY[parameter]
        found = json.loads(self.send(name, example).content)
        for step in where:
            found = found[step]
        return str(found)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_writing_call_takes_the_body_that_is_proposed_for_it(dialect: str, desk: str) -> None:
    reader = Reader(dialect, desk)
    assert reader.contents
    for name, content in reader.contents.items():
        assert content.get("examples"), name
        for example in content["examples"].values():
            Draft202012Validator({**content["schema"], "components": reader.components}).validate(example["value"])
        answer = reader.send(name)
        assert answer.status in (200, 201), (name, answer.status, answer.content)
    assert set(next(one for one in discovery.all_dialects() if one.name == dialect).bodies) == set(reader.contents)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_call_whose_body_is_optional_takes_none(dialect: str, desk: str) -> None:
    reader = Reader(dialect, desk)
    answers = {name: reader.call(name, None) for name in reader.optional}
    assert {name: answer.content for name, answer in answers.items() if answer.status not in (200, 201)} == {}
