"""Every value that the desk stores prints in every format, in lists, threads and filters: one that will be added as well."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.db.models import TextChoices
from django.test import Client
from jsonschema import Draft202012Validator

from accounts import clock, tenancy
from accounts.compiled import Compiled
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.api import discovery, outputs
from conversations.models import Channel, Conversation, EntryPoint, Message, SenderKind, Status
from conversations.models.message import DeliveryStatus
from tests import factories
from tests.dialects.hexclave_client import AGENT, CUSTOMER, customer
from tickets import actions as ticket_actions
from tickets.models import Ticket, TicketPriority, TicketStatus

pytestmark = pytest.mark.django_db

WOES = "/api/v1/conversations"
BANCROFT = "/api/v1/conversations/"
TICKETS = "/api/projects/@current/conversations/tickets"
KINDS: list[tuple[type[Any], str, type[Any], str]] = [
    (Conversation, "channel", Channel, "fax"),
    (Conversation, "status", Status, "parked"),
    (Conversation, "priority", TicketPriority, "huge"),
    (Ticket, "status", TicketStatus, "parked"),
    (Ticket, "priority", TicketPriority, "huge"),
    (Message, "sender_kind", SenderKind, "robot"),
    (Message, "delivery_status", DeliveryStatus, "lost"),
]
VALUES = [
    (model, column, value) for model, column, known, invented in KINDS for value in (*known.values, invented)
]  # fmt: skip
COLUMNS = [(Conversation, "channel"), (EntryPoint, "channel"), (Ticket, "channel"), *((m, c) for m, c, _, _ in KINDS)]


@pytest.fixture
def later(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk of a later version, whose columns take one value more, which its queries know."""
    for name, module in list(sys.modules.items()):
        for value in vars(module).values() if name.startswith(("conversations.", "tickets.")) else ():
            if isinstance(value, Compiled):
                monkeypatch.setattr(value, "plans", {})
    invented = {(model, column): value for model, column, _, value in KINDS} | {
        (EntryPoint, "channel"): "fax",
        (Ticket, "channel"): "fax",
    }
    for model, column in COLUMNS:
        field = model._meta.get_field(column)
        if field.flatchoices:
            monkeypatch.setattr(field, "choices", [*field.flatchoices, (invented[model, column], "New")])
        with connection.cursor() as cursor:
            for constraint in model._meta.constraints:
                if "Check" in type(constraint).__name__:
                    table = model._meta.db_table
                    cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS "{constraint.name}"')


@dataclass
class Desk:
    """One conversation with its ticket, and the clients of every format."""

    workspace: Workspace
    row: Conversation
    components: dict[str, Any]

    def __post_init__(self) -> None:
        secret = factories.api_key(self.workspace)[1]
        self.bearer = {"Authorization": f"Bearer {secret}"}
        self.agent = {"x-stack-access-type": "server", "x-stack-project-id": "internal"}
        self.agent["x-stack-secret-server-key"] = secret
        self.mira = customer(self.workspace).headers

    def get(self, path: str, headers: dict[str, str], shape: str) -> Any:
        """The answer, which must be as the format's document has it."""
        answer = Client().get(path, headers=headers)
        assert answer.status_code == 200, (path, answer.content)
        schema = {"$ref": f"#/components/schemas/{shape}", "components": self.components}
        Draft202012Validator(schema).validate(answer.json())
        return answer.json()

    def read(self) -> None:
        """Everything that shows the one conversation or its ticket."""
        row, project = self.row.public_id, f"projectId={self.workspace.public_id}"
        self.get(f"{WOES}/{row}", self.bearer, "WoesConversationAnswer")
        self.get(f"{WOES}/{row}/messages", self.bearer, "WoesMessageList")
        self.get(f"{BANCROFT}{row}/", self.bearer, "BancroftConversation")
        self.get(f"{BANCROFT}{row}/messages/", self.bearer, "BancroftMessageList")
        self.get(CUSTOMER, self.mira, "HexclaveConversationList")
        self.get(f"{CUSTOMER}/{row}", self.mira, "HexclaveThread")
        self.get(f"{AGENT}/{row}?{project}", self.agent, "HexclaveAgentThread")
        self.get(f"{TICKETS}/1", self.bearer, "PosthogTicket")
        self.get(f"{TICKETS}/1/messages", self.bearer, "PosthogMessagePage")

    def woes(self, query: str = "") -> list[Any]:
        return list(self.get(f"{WOES}?{query}", self.bearer, "WoesConversationList")["conversations"])

    def bancroft(self, query: str = "") -> list[Any]:
        return list(self.get(f"{BANCROFT}?{query}", self.bearer, "BancroftConversationList")["results"])

    def hexclave(self, query: str = "") -> list[Any]:
        path = f"{AGENT}?projectId={self.workspace.public_id}&{query}"
        return list(self.get(path, self.agent, "HexclaveAgentConversationList")["conversations"])

    def posthog(self, query: str = "") -> list[Any]:
        return list(self.get(f"{TICKETS}?{query}", self.bearer, "PosthogTicketPage")["results"])


@pytest.fixture(scope="module")
def components() -> dict[str, Any]:
    """The shapes of all formats, as they are documented."""
    found: dict[str, Any] = Client().get("/api/schema").json()["components"]
    return found


@pytest.fixture
def desk(later: None, acme: Workspace, components: dict[str, Any]) -> Desk:
    contact = factories.ContactFactory(workspace=acme, external_id="mira")
    row = factories.ConversationFactory(workspace=acme, contact=contact, body="It broke.")
    by, at = Actor.system(acme.pk), clock.now()
    with tenancy.scope(acme):
        actions.escalate(conversation=row, by=by, at=at)
        # A change of status is shown in the thread, in the format's values.
        actions.set_status(conversation=row, status=Status.PENDING, by=by, at=at)
    return Desk(acme, row, components)


def store(desk: Desk, model: type[Any], column: str, value: str) -> None:
    if column == "status":
        # By the verb first, which counts: a value that is not counted yet is counted as open.
        known = value if value != "parked" else "open"
        by, at = Actor.system(desk.workspace.pk), clock.now()
        with tenancy.scope(desk.workspace):
            if model is Ticket:
                ticket_actions.set_status(ticket=Ticket.objects.get(), status=known, by=by, at=at)
            else:
                actions.set_status(conversation=desk.row, status=Status(known), by=by, at=at)
    for kind in (model, EntryPoint, Ticket) if column == "channel" else (model,):
        kind.all_workspaces.filter(workspace=desk.workspace).update(**{column: value})
    if (model, column) == (Conversation, "status"):
        changes = Message.all_workspaces.filter(workspace=desk.workspace, kind="status-change")
        changes.update(metadata={"status": value})


@pytest.mark.parametrize(("model", "column", "value"), VALUES)
def test_value_prints_in_every_format_and_is_found_by_what_is_printed(
    desk: Desk, model: type[Any], column: str, value: str
) -> None:
    store(desk, model, column, value)
    desk.read()
    for name, (listed, shape, filters) in {
        "woes": (desk.woes, "WoesConversation", ("status", "channel")),
        "bancroft": (desk.bancroft, "BancroftConversation", ("status",)),
        "hexclave": (desk.hexclave, "HexclaveAgentConversation", ("status",)),
        "posthog": (desk.posthog, "PosthogTicket", ("status", "priority", "channel_source", "channel_detail")),
    }.items():
        row = listed()[0]
        for field in filters if model is not Message else ():
            known = desk.components["schemas"][shape]["properties"][field]
            words = known.get("enum") or known["oneOf"][0]["enum"]
            for word in {row[field], words[0], words[-1]} & set(words):
                assert bool(listed(f"{field}={word}")) == (row[field] == word), (name, field, word, row[field])


def test_status_that_no_format_knows_is_shown_in_the_values_of_the_format(desk: Desk) -> None:
    store(desk, Conversation, "status", "parked")
    path = f"{AGENT}/{desk.row.public_id}?projectId={desk.workspace.public_id}"
    thread = Client().get(path, headers=desk.agent).json()
    assert (thread["conversation"]["status"], thread["messages"][-1]["metadata"]) == ("open", {"status": "open"})


def declared(output: type[outputs.Output]) -> Iterator[tuple[str, Any]]:
    """Every field of every output of every format, by name."""
    for one in output.__subclasses__():
        if one.__module__.startswith("conversations.dialects."):
            yield from ((f"{one.__name__}.{name}", field) for name, field in one._declared_fields.items())
        yield from declared(one)


def test_every_value_of_the_desk_and_an_invented_one_is_a_word_wherever_a_format_prints_words() -> None:
    assert discovery.all_dialects()  # loads them
    kinds = [kind for kind in TextChoices.__subclasses__() if kind.__module__.startswith(("conversations", "tickets"))]
    values = [value for kind in kinds for value in (*kind, *kind.values)] + ["invented", ""]
    assert set(Channel.values) | set(SenderKind.values) | set(TicketStatus.values) <= set(values)
    fields = [
        (name, field) for name, field in declared(outputs.Output) if isinstance(field, outputs.Word | outputs.Priority)
    ]
    assert len(fields) > 30
    for name, field in fields:
        for value in values:
            printed = field.prints(value)
            assert printed in field.choices or (printed is None and field.allow_null), (name, value, printed)
