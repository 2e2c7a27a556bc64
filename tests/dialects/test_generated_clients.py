"""Clients that are generated from the OpenAPI documents: they compile, and they talk to a running desk.

Python's generator is a package of ours, TypeScript's comes with npm (`tests/dialects/clients`).
"""

from __future__ import annotations

import asyncio
import compileall
import importlib
import json
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conversations.api import discovery
from tests.dialects import harness
from tests.dialects.node import program, run
from tests.dialects.scene import Scene

pytestmark = pytest.mark.django_db

DIALECTS = [dialect.name for dialect in discovery.all_dialects()]
DOCUMENTS = ["desk", *DIALECTS]
"""The whole document, and each format's own."""
SOURCES = Path(__file__).parent / "clients"
_MISSING_ID = "00000000-0000-4000-8000-000000000000"


def address(name: str) -> str:
    return "/api/schema" if name == "desk" else f"/api/schema/{name}"


# --- The documents ------------------------------------------------------------------------------


@pytest.fixture(params=DOCUMENTS)
def document(request: Any, client: Any) -> dict[str, Any]:
    made: dict[str, Any] = client.get(address(request.param)).json()
    return made


def test_types_are_named_after_their_format_and_say_whether_they_are_sent(document: dict[str, Any]) -> None:
    formats = "|".join(name.capitalize() for name in DIALECTS)
    odd = [name for name in document["components"]["schemas"] if not re.match(rf"(Patched)?({formats})[A-Z]", name)]
    assert odd == []
    assert not [name for name in document["components"]["schemas"] if name.endswith(("InputRequest", "PatchRequest"))]


def test_operations_have_names_that_are_theirs_alone(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(set(names)) == len(names)
    formats = "|".join(name.capitalize() for name in DIALECTS)
    assert [name for name in names if not re.fullmatch(rf"[a-z]+[A-Za-z]*({formats})[A-Za-z]*", name)] == []


def test_what_may_be_null_is_not_refused_by_saying_so_twice(document: dict[str, Any]) -> None:
    refused = []
    for name, shape in document["components"]["schemas"].items():
        for field, schema in shape.get("properties", {}).items():
            whole = {**schema, "components": document["components"]}
            if {"type": "null"} in schema.get("oneOf", ()) and not Draft202012Validator(whole).is_valid(None):
                refused.append(f"{name}.{field}")
    assert refused == []


# --- Python -------------------------------------------------------------------------------------


@pytest.fixture
def generated(desk: str, tmp_path: Path) -> Iterator[Any]:
    """Generates a client package from a running desk's document, and makes it importable while the test runs."""
    (tmp_path / "generator.yml").write_text("post_hooks: []\n")
    made: list[str] = []

    def generate(name: str) -> str:
        package = f"{name}_client"
        run(
            Path(sys.executable).with_name("openapi-python-client"), "generate", "--url", desk + address(name),
            "--meta", "none", "--output-path", tmp_path / package, "--config", "generator.yml", "--fail-on-warning",
            cwd=tmp_path,
        )  # fmt: skip
        made.append(package)
        return package

    sys.path.insert(0, str(tmp_path))
    importlib.invalidate_caches()
    yield generate
    sys.path.remove(str(tmp_path))
    for module in [name for name in sys.modules if name.split(".")[0] in made]:
        del sys.modules[module]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_python_client_is_generated_without_a_warning_and_imports(
    name: str, desk: str, generated: Any, tmp_path: Path
) -> None:
    package = generated(name)
    assert compileall.compile_dir(str(tmp_path / package), quiet=1, force=True)
    root = importlib.import_module(package)
    modules = [module.name for module in pkgutil.walk_packages(root.__path__, f"{package}.")]
    for module in modules:
        importlib.import_module(module)
    calls = [module for module in modules if re.match(rf"{package}\.api\.\w+\.", module)]
    document = json.loads(harness.send(desk, {"method": "GET", "path": address(name)}).content)
    assert len(calls) == sum(len(item) for item in document["paths"].values())


def test_python_client_talks_to_the_desk_in_every_format(desk: str, generated: Any) -> None:
    package, scene = generated("desk"), Scene([{"operator": "ben"}])
    secret, project = scene.names["server_key"], str(scene.workspace.public_id)
    root = importlib.import_module(package)
    models = importlib.import_module(f"{package}.models")

    def api(name: str) -> Any:
        return importlib.import_module(f"{package}.api.{name}")

    woes = root.AuthenticatedClient(base_url=desk, token=secret, raise_on_unexpected_status=True)
    bancroft = root.AuthenticatedClient(
        base_url=desk, token=secret, prefix="", auth_header_name="X-API-Key", raise_on_unexpected_status=True
    )
    hexclave = root.Client(
        base_url=desk,
        headers={
            "x-stack-access-type": "server",
            "x-stack-project-id": "internal",
            "x-stack-secret-server-key": secret,
        },
        raise_on_unexpected_status=True,
    )

    # Created in Woes, retrieved and listed there, once more with the same Idempotency-Key.
    body = models.WoesConversationInput(
        subject="Need help with auth",
        customer=models.WoesCustomerInput(id="cus_123", name="Ada Lovelace"),
        channel=models.WoesConversationInputChannel("live-chat"),
        priority="p2",
    )
    create = api("woes.create_woes_conversation")
    made = create.sync(client=woes, body=body, idempotency_key="once").conversation
    again = create.sync_detailed(client=woes, body=body, idempotency_key="once")
    assert (again.parsed.conversation.id, again.headers["Idempotent-Replayed"]) == (made.id, "true")
    found = asyncio.run(api("woes.get_woes_conversation").asyncio(str(made.id), client=woes)).conversation
    assert found == made
    assert found.created_at.tzinfo is not None
    assert (found.priority, found.status, found.customer.id) == ("p2", models.WoesConversationStatus.OPEN, "cus_123")
    listed = api("woes.list_woes_conversations").sync(client=woes, limit=5)
    assert [row.id for row in listed.conversations] == [made.id]
    written = api("woes.create_woes_message").sync(
        str(made.id), client=woes, body=models.WoesMessageInput(body="It fails.")
    )
    assert written.message.role == models.WoesMessageRole.USER

    # Created in Bancroft; both are listed by all.
    called = api("bancroft.create_bancroft_conversation").sync(
        client=bancroft,
        body=models.BancroftConversationInput(
            subject="Please call me",
            user_email="jane@example.com",
            channel=models.BancroftConversationInputChannelType0.CALLBACK,
        ),
    )
    page = api("bancroft.list_bancroft_conversations").sync(client=bancroft)
    assert [(row.id, row.number, row.priority.value) for row in page.results] == [
        (called.id, 2, "normal"),
        (made.id, 1, "normal"),
    ]
    seen = api("hexclave.list_hexclave_conversations").sync(client=hexclave, project_id=project)
    assert {row.conversation_id for row in seen.conversations} == {made.id, called.id}
    thread = api("hexclave.get_hexclave_conversation").sync(str(made.id), client=hexclave, project_id=project)
    assert [row.body for row in thread.messages] == ["It fails."]

    # A ticket, whose assignee is a union of two shapes or null.
    ticket_input = models.PosthogTicketInput(
        priority=models.PosthogTicketInputPriorityType0.CRITICAL,
        assignee=models.PosthogTicketInputAssigneeType0(
            type_=models.PosthogTicketInputAssigneeType0Type.USER, id=scene.names["ben"].pk
        ),
    )
    ticket = api("post_hog.create_posthog_ticket").sync(project, client=woes, body=ticket_input)
    assert ticket.assignee.user.email == scene.names["ben"].email
    freed = api("post_hog.update_posthog_ticket").sync(
        project, str(ticket.ticket_number), client=woes, body=models.PosthogTicketPatch(assignee=None)
    )
    assert (freed.assignee, freed.priority.value) == (None, "critical")
    assert api("post_hog.list_posthog_tickets").sync(project, client=woes).count == 1

    # Errors are parsed as well.
    missing = api("woes.get_woes_conversation").sync_detailed(_MISSING_ID, client=woes)
    assert (missing.status_code, missing.parsed.code) == (404, models.WoesErrorCode.NOT_FOUND)
    nobody = root.AuthenticatedClient(base_url=desk, token="parley_sv_wrong")
    refused = api("bancroft.list_bancroft_conversations").sync_detailed(client=nobody)
    assert refused.status_code == 401
    assert refused.parsed.detail


# --- TypeScript ---------------------------------------------------------------------------------


@pytest.fixture
def typescript(tmp_path: Path) -> Path:
    """A folder with our program and its packages."""
    return program(SOURCES, tmp_path)


def test_typescript_client_compiles_and_talks_to_the_desk_in_every_format(desk: str, typescript: Path) -> None:
    tools, scene = typescript / "node_modules" / ".bin", Scene()
    for name in DOCUMENTS:
        run(tools / "openapi-typescript", desk + address(name), "--output", f"{name}.d.ts", cwd=typescript)
    run(tools / "tsc", "--project", ".", cwd=typescript)
    secret, project = scene.names["server_key"], str(scene.workspace.public_id)
    output = json.loads(run("node", "out/talk.js", desk, secret, project, cwd=typescript))
    assert output.pop("woes") != output.pop("bancroft")
    assert output == {
        "priority": "urgent",
        # The ticket's own conversation is the newest.
        "listed": [
            ["Ticket #1", "normal", "api"],
            ["Please call me", "normal", "callback"],
            ["Typed from end to end", "urgent", "web"],
        ],
        "tags": ["VIP"],
        "tickets": [[True, "critical", "nia@example.com"]],
        "missing": "not_found",
    }
