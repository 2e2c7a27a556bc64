"""One conversation in every format: what one has written, all others show in their own way, and nothing is lost.

The tables are those of docs/api.md: which word of one format is which of another.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts import actions as account_actions
from accounts import clock
from accounts.credentials import identity
from accounts.models import KeyKind, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Channel, Conversation
from tests import factories
from tests.conftest import Member
from tests.dialects.fingerprints import fingerprint
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

ADA = {"id": "cus_123", "name": "Ada Lovelace", "email": "ada@example.com", "company": "Example API Co"}
WOES = "/api/v1/conversations"
BANCROFT = "/api/v1/conversations/"
AGENT = "/api/v1/internal/conversations"
CUSTOMER = "/api/v1/internal/dogfood/support/conversations"
TICKETS = "/api/projects/@current/conversations/tickets"


# --- Five clients of one desk -------------------------------------------------------------------


@dataclass
class Voice:
    """A client of one format: JSON in, JSON out."""

    headers: dict[str, str]

    def send(self, method: str, path: str, body: Any = None) -> Any:
        content: dict[str, Any] = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return Client().generic(method, path, headers=self.headers, **content)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.send(method, path, body)
        assert answer.status_code in (200, 201), (method, path, answer.status_code, answer.content)
        return answer.json()


class Desk:
    """Acme, as each format's client knows it. All but the customer's browser hold the same server key."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        secret = factories.api_key(workspace, name="Every format")[1]
        self.project = str(workspace.public_id)
        self.woes = self.posthog = Voice({"Authorization": f"Bearer {secret}"})
        self.bancroft = Voice({"X-API-Key": secret})
        self.agent = Voice(
            {
                "x-stack-access-type": "server",
                "x-stack-project-id": "internal",
                "x-stack-secret-server-key": secret,
            }
        )
        self.public = factories.api_key(workspace, kind=KeyKind.CLIENT, name="Web page")[1]

    def customer(self, external_id: str, email: str = "", name: str = "") -> Voice:
        """A customer's browser, with the token that the workspace's backend gave them."""
        token = identity.issue_token(
            self.workspace,
            external_id=external_id,
            email=email,
            name=name,
            lifetime=timedelta(hours=1),
            at=clock.now(),
        )
        return Voice(
            {
                "x-stack-access-type": "client",
                "x-stack-project-id": self.project,
                "x-stack-publishable-client-key": self.public,
                "x-stack-access-token": token,
            }
        )

    # Starting, each in its own words; gives the conversation's id.

    def start_in_woes(self, **changes: Any) -> str:
        made = self.woes.call("POST", WOES, {"subject": "Need help", "customer": ADA, **changes})
        return str(made["conversation"]["id"])

    def start_in_bancroft(self, **changes: Any) -> str:
        body = {"subject": "Need help", "user_email": "ada@example.com", **changes}
        return str(self.bancroft.call("POST", f"{BANCROFT}create/", body)["id"])

    def start_as_agent(self, **changes: Any) -> str:
        body = {"projectId": self.project, "subject": "Need help", "initialMessage": "Hello.", "priority": "normal"}
        return str(self.agent.call("POST", AGENT, {**body, **changes})["conversationId"])

    def start_as_customer(self, who: Voice, **changes: Any) -> str:
        made = who.call("POST", CUSTOMER, {"subject": "Need help", "message": "Hello?", **changes})
        return str(made["conversation_id"])

    def open_ticket(self, **body: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.posthog.call("POST", TICKETS, body)
        return made

    # Reading, each in its own words.

    def in_woes(self, conversation: str) -> dict[str, Any]:
        return dict(self.woes.call("GET", f"{WOES}/{conversation}")["conversation"])

    def in_bancroft(self, conversation: str) -> dict[str, Any]:
        return dict(self.bancroft.call("GET", f"{BANCROFT}{conversation}/"))

    def thread(self, conversation: str) -> dict[str, Any]:
        return dict(self.agent.call("GET", f"{AGENT}/{conversation}?projectId={self.project}"))

    def for_agents(self, conversation: str) -> dict[str, Any]:
        return dict(self.thread(conversation)["conversation"])

    def change_as_agent(self, conversation: str, **body: Any) -> dict[str, Any]:
        made = self.agent.call("PATCH", f"{AGENT}/{conversation}", {"projectId": self.project, **body})
        return dict(made["conversation"])

    def everywhere(self, conversation: str) -> dict[str, dict[str, Any]]:
        """The conversation as every format of conversations prints it."""
        return {
            "woes": self.in_woes(conversation),
            "bancroft": self.in_bancroft(conversation),
            "hexclave": self.for_agents(conversation),
        }

    def texts(self, conversation: str) -> dict[str, list[tuple[str, str]]]:
        """Ids and texts of the messages, as every format of conversations lists them."""
        ours = self.woes.call("GET", f"{WOES}/{conversation}/messages")["messages"]
        theirs = self.bancroft.call("GET", f"{BANCROFT}{conversation}/messages/")["results"]
        thread = [row for row in self.thread(conversation)["messages"] if row["messageType"] == "message"]
        return {
            name: [(row["id"], row["body"]) for row in rows]
            for name, rows in (("woes", ours), ("bancroft", theirs), ("hexclave", thread))
        }

    def escalate(self, conversation: str) -> str:
        """Opens a ticket for a conversation, as an agent does in the inbox; gives its id."""
        ticket = actions.escalate(conversation=row_of(conversation), by=system(self.workspace), at=clock.now())
        return str(ticket.public_id)


def system(workspace: Workspace) -> Actor:
    return Actor.system(workspace.pk)


def row_of(conversation: str) -> Conversation:
    return Conversation.all_workspaces.select_related("contact", "workspace").get(public_id=conversation)


@pytest.fixture(name="desk")
def five_clients(acme: Workspace) -> Desk:
    return Desk(acme)


@pytest.fixture
def mira(desk: Desk) -> Voice:
    """A customer in her browser."""
    return desk.customer("mira", "mira@sample.test", "Mira Okafor")


# --- Status -------------------------------------------------------------------------------------

STATUS = {
    # the desk's: in Woes, in Bancroft, in Hexclave
    "open": ("open", "open", "open"),
    "pending": ("waiting", "pending", "pending"),
    "resolved": ("solved", "resolved", "closed"),
    "closed": ("solved", "closed", "closed"),
}
WRITTEN_STATUS = [
    # who writes, from where, what is written, what it is for the desk
    ("woes", "pending", "open", "open"),
    ("woes", "open", "waiting", "pending"),
    ("woes", "open", "solved", "resolved"),
    ("woes", "closed", "waiting", "pending"),
    ("bancroft", "open", "resolve", "closed"),
    ("bancroft", "resolved", "resolve", "closed"),
    ("hexclave", "closed", "open", "open"),
    ("hexclave", "resolved", "open", "open"),
    ("hexclave", "open", "pending", "pending"),
    ("hexclave", "pending", "closed", "closed"),
    ("inbox", "open", "pending", "pending"),
    ("inbox", "open", "resolved", "resolved"),
    ("inbox", "pending", "closed", "closed"),
]


def write_status(desk: Desk, who: str, conversation: str, word: str) -> None:
    if who == "woes":
        desk.woes.call("PATCH", f"{WOES}/{conversation}", {"status": word})
    elif who == "bancroft":
        desk.bancroft.call("POST", f"{BANCROFT}{conversation}/{word}/")
    elif who == "hexclave":
        desk.change_as_agent(conversation, type="status", status=word)
    else:
        actions.set_status(conversation=row_of(conversation), status=word, by=system(desk.workspace), at=clock.now())


@pytest.mark.parametrize(("who", "before", "word", "after"), WRITTEN_STATUS)
def test_status_that_one_format_writes_is_read_in_the_words_of_all(
    desk: Desk, mira: Voice, who: str, before: str, word: str, after: str
) -> None:
    made = desk.start_as_customer(mira)
    write_status(desk, "inbox", made, before)
    write_status(desk, who, made, word)
    seen = desk.everywhere(made)
    assert row_of(made).status == after
    assert (seen["woes"]["status"], seen["bancroft"]["status"], seen["hexclave"]["status"]) == STATUS[after]
    assert mira.call("GET", f"{CUSTOMER}/{made}")["conversation"]["status"] == STATUS[after][2]
    assert seen["woes"]["closedAt"] == seen["hexclave"]["closedAt"]
    assert (seen["woes"]["closedAt"] is not None) is (after in ("resolved", "closed"))


@pytest.mark.parametrize("status", STATUS)
def test_each_list_finds_a_conversation_by_the_status_that_it_prints_and_by_no_other(desk: Desk, status: str) -> None:
    made = desk.start_in_woes()
    write_status(desk, "inbox", made, status)
    for word in ("open", "waiting", "solved"):
        found = desk.woes.call("GET", f"{WOES}?status={word}")["conversations"]
        assert [row["id"] for row in found] == ([made] if word == STATUS[status][0] else [])
    for word in ("open", "pending", "resolved", "closed"):
        page = desk.bancroft.call("GET", f"{BANCROFT}?status={word}")
        assert [row["id"] for row in page["results"]] == ([made] if word == STATUS[status][1] else [])
        assert page["count"] == len(page["results"])
    for word in ("open", "pending", "closed"):
        found = desk.agent.call("GET", f"{AGENT}?projectId={desk.project}&status={word}")["conversations"]
        assert [row["conversationId"] for row in found] == ([made] if word == STATUS[status][2] else [])


# --- Priority -----------------------------------------------------------------------------------

PRIORITIES = [
    # Woes' label: in Bancroft and Hexclave, and in PostHog once it has a ticket
    ("low", "low", "low"),
    ("medium", "normal", "medium"),
    ("normal", "normal", "medium"),
    ("high", "high", "high"),
    ("urgent", "urgent", "critical"),
    ("critical", "urgent", "critical"),
    ("p2", "normal", None),
    ("URGENT", "urgent", "critical"),
    (" High ", "high", "high"),
    ("очень срочно 🔥", "normal", None),
]


@pytest.mark.parametrize(("label", "twin", "in_posthog"), PRIORITIES)
def test_priority_label_is_kept_verbatim_and_printed_as_its_twin(
    desk: Desk, label: str, twin: str, in_posthog: str | None
) -> None:
    made = desk.start_in_woes(priority=label)
    ticket = desk.escalate(made)
    assert {name: seen["priority"] for name, seen in desk.everywhere(made).items()} == {
        "woes": label,
        "bancroft": twin,
        "hexclave": twin,
    }
    assert desk.posthog.call("GET", f"{TICKETS}/{ticket}")["priority"] == in_posthog


@pytest.mark.parametrize(("label", "twin", "_in_posthog"), PRIORITIES)
def test_writing_back_the_priority_that_is_printed_keeps_the_label(
    desk: Desk, label: str, twin: str, _in_posthog: str | None
) -> None:
    made = desk.start_in_woes(priority=label)
    before = fingerprint()
    desk.change_as_agent(made, type="metadata", priority=twin, tags=[])
    desk.woes.call("PATCH", f"{WOES}/{made}", {"priority": label})
    assert fingerprint() == before
    assert row_of(made).priority == label


@pytest.mark.parametrize(
    ("who", "word", "in_woes", "elsewhere"),
    [
        ("bancroft", "urgent", "urgent", "urgent"),
        ("bancroft", "normal", "normal", "normal"),
        ("bancroft", None, "normal", "normal"),
        ("woes", None, "medium", "normal"),
        ("agent", "low", "low", "low"),
        ("agent", "normal", "normal", "normal"),
    ],
)
def test_priority_of_a_new_conversation_is_the_same_for_all(
    desk: Desk, who: str, word: str | None, in_woes: str, elsewhere: str
) -> None:
    stated = {"priority": word} if word else {}
    if who == "agent":
        factories.ContactFactory(workspace=desk.workspace, external_id="cus_123")
        made = desk.start_as_agent(userId="cus_123", **stated)
    else:
        made = desk.start_in_woes(**stated) if who == "woes" else desk.start_in_bancroft(**stated)
    seen = desk.everywhere(made)
    assert (seen["woes"]["priority"], seen["bancroft"]["priority"], seen["hexclave"]["priority"]) == (
        in_woes,
        elsewhere,
        elsewhere,
    )


def test_another_priority_from_a_format_with_an_enum_replaces_the_label(desk: Desk) -> None:
    made = desk.start_in_woes(priority="p2")
    desk.change_as_agent(made, type="metadata", priority="high", tags=[])
    assert desk.in_woes(made)["priority"] == "high"


# --- Channels -----------------------------------------------------------------------------------

CHANNELS = {
    # the desk's: in Woes, in Bancroft, as Hexclave's source
    Channel.CHAT: ("live-chat", "web", "chat"),
    Channel.EMAIL: ("email", "email", "email"),
    Channel.DISCORD: ("discord", "web", "chat"),
    Channel.API: ("api", "api", "api"),
    Channel.CALLBACK: ("api", "callback", "api"),
    Channel.MANUAL: ("api", "api", "manual"),
}
STARTED_BY = [
    ("woes", "live-chat", Channel.CHAT),
    ("woes", "email", Channel.EMAIL),
    ("woes", "discord", Channel.DISCORD),
    ("woes", "api", Channel.API),
    ("bancroft", "web", Channel.CHAT),
    ("bancroft", "email", Channel.EMAIL),
    ("bancroft", "callback", Channel.CALLBACK),
    ("bancroft", "api", Channel.API),
    ("agent", "chat", Channel.CHAT),
    ("agent", "email", Channel.EMAIL),
    ("agent", "api", Channel.API),
    ("agent", "manual", Channel.MANUAL),
]


def start_by(desk: Desk, who: str, channel: str) -> str:
    if who == "agent":
        factories.ContactFactory(workspace=desk.workspace, external_id="cus_123")
        return desk.start_as_agent(userId="cus_123", source=channel)
    return desk.start_in_woes(channel=channel) if who == "woes" else desk.start_in_bancroft(channel=channel)


@pytest.mark.parametrize(("who", "word", "channel"), STARTED_BY)
def test_channel_is_named_in_every_format_and_survives_writers_who_have_no_word_for_it(
    desk: Desk, who: str, word: str, channel: Channel
) -> None:
    made = start_by(desk, who, word)
    for _ in range(2):
        seen = desk.everywhere(made)
        assert (seen["woes"]["channel"], seen["bancroft"]["channel"], seen["hexclave"]["source"]) == CHANNELS[channel]
        assert row_of(made).channel == channel
        # Then everybody writes something.
        desk.woes.call("PATCH", f"{WOES}/{made}", {"subject": "Another subject", "status": "waiting"})
        desk.woes.call("POST", f"{WOES}/{made}/messages", {"body": "By the API."})
        agent = {"body": "By mail.", "user_email": "ben@acme.example"}
        desk.bancroft.call("POST", f"{BANCROFT}{made}/messages/create/", agent)
        desk.change_as_agent(made, type="reply", body="By chat.")


@pytest.mark.parametrize("channel", CHANNELS)
def test_woes_finds_a_conversation_by_the_channel_that_it_prints(desk: Desk, channel: Channel) -> None:
    made = factories.ConversationFactory(workspace=desk.workspace, channel=channel)
    for word in ("api", "live-chat", "email", "discord"):
        found = desk.woes.call("GET", f"{WOES}?channel={word}")["conversations"]
        assert [row["id"] for row in found] == ([str(made.public_id)] if word == CHANNELS[channel][0] else [])


def test_doors_that_were_used_are_shown_beside_the_channel(desk: Desk) -> None:
    made = desk.start_in_woes(channel="discord")
    desk.change_as_agent(made, type="reply", body="By chat.")
    doors = desk.thread(made)["entryPoints"]
    assert [(door["channelType"], door["adapterKey"], door["isEntryPoint"]) for door in doors] == [
        ("chat", "woes", True),
        ("chat", "support-chat", False),
    ]


# --- Labels -------------------------------------------------------------------------------------

LABELS = [
    ["vip"],
    ["VIP", "vip", "Vip"],
    [" two  words ", "tab\tinside", "ünïcode 🚀", "", "naïve"],
    [],
]


@pytest.mark.parametrize("labels", LABELS, ids=["one", "same but for case", "odd ones", "none"])
def test_labels_are_kept_verbatim_when_others_write(desk: Desk, mira: Voice, labels: list[str]) -> None:
    made = desk.start_as_customer(mira)
    desk.change_as_agent(made, type="metadata", tags=labels)
    desk.woes.call("PATCH", f"{WOES}/{made}", {"subject": "Another subject", "priority": "p1"})
    desk.bancroft.call("POST", f"{BANCROFT}{made}/resolve/")
    assert desk.for_agents(made)["metadata"]["tags"] == labels
    assert mira.call("GET", f"{CUSTOMER}/{made}")["conversation"]["metadata"]["tags"] == labels


@pytest.mark.parametrize("labels", LABELS, ids=["one", "same but for case", "odd ones", "none"])
def test_labels_of_a_ticket_are_copied_once_in_its_own_spelling_and_then_its_own(desk: Desk, labels: list[str]) -> None:
    made = desk.start_in_woes()
    desk.change_as_agent(made, type="metadata", tags=labels)
    ticket = desk.escalate(made)
    copied = desk.posthog.call("GET", f"{TICKETS}/{ticket}")["tags"]
    assert copied == list(dict.fromkeys(name.strip().lower() for name in labels if name.strip()))
    desk.posthog.call("PATCH", f"{TICKETS}/{ticket}", {"tags": ["billing"]})
    assert desk.for_agents(made)["metadata"]["tags"] == labels


# --- Customers ----------------------------------------------------------------------------------

ITS_OWN = "<the desk's id>"
PEOPLE = [
    # who writes, whom; then: (Woes' id, name, email, company), (Bancroft's email, first, last), (Hexclave's name, email)
    pytest.param("woes", {"id": "cus_1"}, ("cus_1", None, None, None), (None, None, None), (None, None), id="id alone"),
    pytest.param(
        "woes",
        ADA,
        ("cus_123", "Ada Lovelace", "ada@example.com", "Example API Co"),
        ("ada@example.com", "Ada", "Lovelace"),
        ("Ada Lovelace", "ada@example.com"),
        id="all that Woes knows",
    ),
    pytest.param(
        "woes",
        {"id": "cus_2", "name": "Cher", "email": "Cher@Example.com"},
        ("cus_2", "Cher", "cher@example.com", None),
        ("cher@example.com", "Cher", None),
        ("Cher", "cher@example.com"),
        id="one name",
    ),
    pytest.param(
        "woes",
        {"id": "cus_3", "name": "Juan Carlos de la Cruz"},
        ("cus_3", "Juan Carlos de la Cruz", None, None),
        (None, "Juan", "Carlos de la Cruz"),
        ("Juan Carlos de la Cruz", None),
        id="many names",
    ),
    pytest.param(
        "bancroft",
        {"user_email": "jane@example.com"},
        (ITS_OWN, None, "jane@example.com", None),
        ("jane@example.com", None, None),
        (None, "jane@example.com"),
        id="email alone",
    ),
    pytest.param(
        "bancroft",
        {"user_email": "jane@example.com", "user_first_name": "Jane Mary", "user_last_name": "Doe"},
        (ITS_OWN, "Jane Mary Doe", "jane@example.com", None),
        ("jane@example.com", "Jane Mary", "Doe"),
        ("Jane Mary Doe", "jane@example.com"),
        id="first and last name",
    ),
    pytest.param(
        "bancroft",
        {"user_email": None},
        (ITS_OWN, None, None, None),
        (None, None, None),
        (None, None),
        id="nobody",
    ),
    pytest.param(
        "bancroft",
        {"user_email": None, "user_last_name": "Doe"},
        (ITS_OWN, "Doe", None, None),
        (None, None, "Doe"),
        ("Doe", None),
        id="last name alone",
    ),
    pytest.param(
        "customer",
        {"external_id": "mira", "email": "mira@sample.test", "name": "Mira Okafor"},
        ("mira", "Mira Okafor", "mira@sample.test", None),
        ("mira@sample.test", "Mira", "Okafor"),
        ("Mira Okafor", "mira@sample.test"),
        id="token",
    ),
    pytest.param(
        "posthog",
        {"anonymous_traits": {"name": "Nia Okafor", "email": "nia@example.com", "plan": "free"}},
        (ITS_OWN, "Nia Okafor", "nia@example.com", None),
        ("nia@example.com", "Nia", "Okafor"),
        ("Nia Okafor", "nia@example.com"),
        id="traits",
    ),
    pytest.param("posthog", {}, (ITS_OWN, None, None, None), (None, None, None), (None, None), id="nobody in PostHog"),
]


def start_for(desk: Desk, who: str, person: dict[str, Any]) -> str:
    if who == "woes":
        return desk.start_in_woes(customer=person)
    if who == "bancroft":
        return desk.start_in_bancroft(**person)
    if who == "customer":
        return desk.start_as_customer(desk.customer(**person))
    ticket = desk.open_ticket(**person)
    return str(Conversation.all_workspaces.get(ticket__public_id=ticket["id"]).public_id)


@pytest.mark.parametrize(("who", "person", "in_woes", "in_bancroft", "in_hexclave"), PEOPLE)
def test_customer_is_the_same_person_in_every_format(
    desk: Desk,
    who: str,
    person: dict[str, Any],
    in_woes: tuple[Any, ...],
    in_bancroft: tuple[Any, ...],
    in_hexclave: tuple[Any, ...],
) -> None:
    made = start_for(desk, who, person)
    reference = str(row_of(made).contact.public_id) if in_woes[0] == ITS_OWN else in_woes[0]
    seen = desk.everywhere(made)
    customer, requester, case = seen["woes"]["customer"], seen["bancroft"]["requester"], seen["hexclave"]
    assert tuple(customer[name] for name in ("id", "name", "email", "company")) == (reference, *in_woes[1:])
    assert tuple(requester[name] for name in ("email", "first_name", "last_name")) == in_bancroft
    assert tuple(case[name] for name in ("userId", "userDisplayName", "userPrimaryEmail")) == (reference, *in_hexclave)


@pytest.mark.parametrize(("who", "person"), [pytest.param(*case.values[:2], id=case.id) for case in PEOPLE])
def test_id_of_a_customer_that_one_format_prints_finds_them_in_the_others(
    desk: Desk, who: str, person: dict[str, Any]
) -> None:
    factories.ConversationFactory(workspace=desk.workspace)  # somebody else's
    made = start_for(desk, who, person)
    ticket = Ticket.all_workspaces.filter(conversations__public_id=made).first()
    ticket_id = str(ticket.public_id) if ticket else desk.escalate(made)
    reference = desk.in_woes(made)["customer"]["id"]
    found = desk.woes.call("GET", f"{WOES}?customerId={reference}")["conversations"]
    assert [row["id"] for row in found] == [made]
    found = desk.agent.call("GET", f"{AGENT}?projectId={desk.project}&userId={reference}")["conversations"]
    assert [row["conversationId"] for row in found] == [made]
    found = desk.posthog.call("GET", f"{TICKETS}?distinct_ids={reference}")["results"]
    assert [(row["id"], row["distinct_id"]) for row in found] == [(ticket_id, reference)]
    again = desk.start_as_agent(userId=reference)
    assert row_of(again).contact == row_of(made).contact


def test_customer_known_by_email_is_the_one_who_comes_with_an_id_later(desk: Desk) -> None:
    by_mail = desk.start_in_bancroft(user_email="Ada@Example.com", user_first_name="Ada", user_last_name="Byron")
    by_id = desk.start_in_woes()
    in_browser = desk.start_as_customer(desk.customer("cus_123", "ada@example.com"))
    again = desk.start_in_bancroft(user_email="ada@example.com")
    people = [desk.in_woes(made)["customer"] for made in (by_mail, by_id, in_browser, again)]
    assert people == [{**ADA, "identitySource": people[0]["identitySource"]}] * 4
    found = desk.bancroft.call("GET", f"{BANCROFT}?user_email=ada@example.com")
    assert {row["id"] for row in found["results"]} == {by_mail, by_id, in_browser, again}


# --- What stays inside --------------------------------------------------------------------------


@pytest.mark.parametrize("writer", ["agent", "posthog", "inbox"])
def test_notes_of_one_format_reach_the_team_in_all_and_customers_in_none(desk: Desk, mira: Voice, writer: str) -> None:
    made = desk.start_as_customer(mira)
    ticket = desk.escalate(made)
    before, seen_by_mira = desk.everywhere(made), mira.call("GET", f"{CUSTOMER}/{made}")
    secret = "Between us: she is about to leave."
    if writer == "agent":
        desk.change_as_agent(made, type="internal-note", body=secret)
    elif writer == "posthog":
        desk.posthog.call("POST", f"{TICKETS}/{ticket}/reply", {"message": secret, "is_private": True})
    else:
        actions.note(conversation=row_of(made), body=secret, by=system(desk.workspace), at=clock.now())

    # What customers' sides print is, but for the time of the last change, what it was.
    after = desk.everywhere(made)
    for name, moment in (("woes", "updatedAt"), ("bancroft", "updated_at")):
        assert {**after[name], moment: None} == {**before[name], moment: None}
    assert mira.call("GET", f"{CUSTOMER}/{made}") == seen_by_mira
    outside = [
        desk.woes.send("GET", f"{WOES}/{made}"),
        desk.woes.send("GET", WOES),
        desk.woes.send("GET", f"{WOES}/{made}/messages"),
        desk.bancroft.send("GET", BANCROFT),
        desk.bancroft.send("GET", f"{BANCROFT}{made}/messages/"),
        mira.send("GET", CUSTOMER),
        mira.send("GET", f"{CUSTOMER}?query=leave"),
        desk.posthog.send("GET", TICKETS),
    ]
    assert [answer.status_code for answer in outside] == [200] * len(outside)
    assert not [answer.content for answer in outside if b"Between us" in answer.content]

    [note] = [row for row in desk.thread(made)["messages"] if row["messageType"] == "internal-note"]
    [private] = [
        row for row in desk.posthog.call("GET", f"{TICKETS}/{ticket}/messages")["results"] if row["is_private"]
    ]
    assert (note["id"], note["body"]) == (private["id"], private["content"])
    assert note["body"] == secret
    assert after["hexclave"]["preview"] == secret


# --- Numbers and data ---------------------------------------------------------------------------


def test_conversations_are_numbered_in_one_row_whatever_format_starts_them(desk: Desk, mira: Voice) -> None:
    made = [
        desk.start_in_woes(),
        desk.start_in_bancroft(),
        desk.start_as_customer(mira),
        desk.start_as_agent(userId="mira"),
        start_for(desk, "posthog", {}),
        desk.start_in_woes(),
    ]
    assert [desk.in_bancroft(one)["number"] for one in made] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"plan": "pro", "seats": 12, "ratio": 0.1, "beta": True, "owner": None},
        {"nested": {"list": [1, [2, {"three": "drei 🚀"}]], "": "no name"}, "größe": -(2**53)},
    ],
    ids=["none", "flat", "nested"],
)
def test_metadata_is_the_same_data_in_every_format_that_has_it_and_is_kept_by_those_that_have_none(
    desk: Desk, metadata: dict[str, Any]
) -> None:
    made = desk.start_in_bancroft(metadata=metadata)
    desk.woes.call("PATCH", f"{WOES}/{made}", {"subject": "Another subject", "priority": "p1", "status": "waiting"})
    desk.change_as_agent(made, type="metadata", tags=["vip"], priority="high")
    desk.bancroft.call("POST", f"{BANCROFT}{made}/resolve/")
    assert desk.in_bancroft(made)["metadata"] == metadata
    assert desk.for_agents(made)["recordMetadata"] == (metadata or None)


ASSIGNEES = [
    # As an agent's client writes it: id, name
    ("usr_77", "Somebody Else"),
    ("usr_77", None),
    (None, "The night shift"),
    ("", ""),
    (None, None),
]


@pytest.mark.parametrize(("stated", "name"), ASSIGNEES)
def test_assignee_is_kept_as_it_was_given(desk: Desk, mira: Voice, stated: str | None, name: str | None) -> None:
    made = desk.start_as_customer(mira)
    desk.change_as_agent(made, type="metadata", tags=[], assignedToUserId=stated, assignedToDisplayName=name)
    desk.woes.call("PATCH", f"{WOES}/{made}", {"priority": "p1"})
    ours = desk.for_agents(made)["metadata"]
    theirs = mira.call("GET", f"{CUSTOMER}/{made}")["conversation"]["metadata"]
    assert (ours["assignedToUserId"], ours["assignedToDisplayName"]) == (stated, name)
    assert (theirs["assigned_to_user_id"], theirs["assigned_to_display_name"]) == (stated, name)


def test_assignee_of_the_inbox_is_named_in_hexclave_and_goes_with_the_ticket_to_posthog(
    desk: Desk, ben: Member
) -> None:
    made = desk.start_in_woes()
    actions.assign(conversation=row_of(made), to=ben.user, by=system(desk.workspace), at=clock.now())
    metadata = desk.for_agents(made)["metadata"]
    assert (metadata["assignedToUserId"], metadata["assignedToDisplayName"]) == (str(ben.user.public_id), "Ben Kimura")
    ticket = desk.posthog.call("GET", f"{TICKETS}/{desk.escalate(made)}")
    assert ticket["assignee"] == {"id": ben.user.pk, "type": "user", "user": {"email": ben.user.email}, "role": None}


def test_assignee_that_hexclave_names_by_an_operators_id_is_that_operator_for_posthog(desk: Desk, ben: Member) -> None:
    made = desk.start_in_woes()
    desk.change_as_agent(
        made, type="metadata", tags=[], assignedToUserId=str(ben.user.public_id), assignedToDisplayName="Benny"
    )
    assert row_of(made).assignee == ben.user
    assert desk.for_agents(made)["metadata"]["assignedToDisplayName"] == "Benny"
    ticket = desk.posthog.call("GET", f"{TICKETS}/{desk.escalate(made)}")
    assert ticket["assignee"]["id"] == ben.user.pk


# --- Written back -------------------------------------------------------------------------------


def as_it_is(desk: Desk, conversation: str, ticket: str) -> list[tuple[Voice, str, str, dict[str, Any]]]:
    """Every write, in every format, of a value that it prints now."""
    woes, case = desk.in_woes(conversation), desk.for_agents(conversation)
    known = desk.posthog.call("GET", f"{TICKETS}/{ticket}")
    writable = (
        "status", "priority", "tags", "snoozed_until", "sla_due_at", "escalation_reason", "ai_resolved", "anonymous_traits",
    )  # fmt: skip
    own = {name: known[name] for name in writable}
    owner = known["assignee"] and {"type": known["assignee"]["type"], "id": known["assignee"]["id"]}
    metadata = {
        "projectId": desk.project,
        "type": "metadata",
        "priority": case["priority"],
        "tags": case["metadata"]["tags"],
        "assignedToUserId": case["metadata"]["assignedToUserId"],
        "assignedToDisplayName": case["metadata"]["assignedToDisplayName"],
    }
    one, whole = f"{TICKETS}/{ticket}", {name: woes[name] for name in ("status", "priority", "subject")}
    return [
        *((desk.woes, "PATCH", f"{WOES}/{conversation}", {name: value}) for name, value in whole.items()),
        (desk.woes, "PATCH", f"{WOES}/{conversation}", whole),
        (desk.agent, "PATCH", f"{AGENT}/{conversation}", metadata),
        *((desk.posthog, "PATCH", one, {name: value}) for name, value in own.items()),
        (desk.posthog, "PATCH", one, {"assignee": owner}),
        (desk.posthog, "PATCH", one, {**own, "assignee": owner}),
        (desk.posthog, "PUT", one, {**own, "assignee": owner}),
        # A client may well send the whole object back, read-only keys and all.
        (desk.posthog, "PUT", one, {**known, "assignee": owner}),
    ]


OWNERS = ("nobody", "ben", "billing", "a stranger")
WRITTEN_BACK = [
    # each status with each owner, and each of the two with each priority
    (status, ("medium", "critical", "p2")[(row + column) % 3], owner)
    for row, status in enumerate(STATUS)
    for column, owner in enumerate(OWNERS)
]


@pytest.mark.parametrize(("status", "priority", "owner"), WRITTEN_BACK)
def test_writing_back_what_is_printed_changes_nothing(
    desk: Desk, ben: Member, status: str, priority: str, owner: str
) -> None:
    by, at = system(desk.workspace), clock.now()
    made = desk.start_in_woes(priority=priority, subject=" Odd  subject\t🚀 ")
    desk.bancroft.call("POST", f"{BANCROFT}{made}/messages/create/", {"body": "Hello?", "user_email": ADA["email"]})
    if owner == "a stranger":
        desk.change_as_agent(made, type="metadata", tags=["VIP", " x "], assignedToUserId="usr_77")
    elif owner == "ben":
        desk.change_as_agent(made, type="metadata", tags=["VIP", " x "])
        actions.assign(conversation=row_of(made), to=ben.user, by=by, at=at)
    elif owner == "billing":
        team = account_actions.save_team(workspace=desk.workspace, name="Billing", members=[ben.user], by=by, at=at)
        actions.assign(conversation=row_of(made), team=team, by=by, at=at)
    ticket = desk.escalate(made)
    write_status(desk, "inbox", made, status)
    writes = as_it_is(desk, made, ticket)
    before = fingerprint()
    for voice, method, path, body in writes:
        voice.call(method, path, body)
        assert fingerprint() == before, (method, body)


def test_ticket_that_sleeps_and_has_a_deadline_is_unmoved_by_its_own_moments(desk: Desk) -> None:
    soon = (clock.now() + timedelta(days=1)).isoformat()
    made = desk.open_ticket(status="on_hold", snoozed_until=soon, sla_due_at=soon, priority="high", tags=["VIP"])
    before = fingerprint()
    again = {name: made[name] for name in ("status", "snoozed_until", "sla_due_at", "priority", "tags")}
    for name, value in again.items():
        if name != "snoozed_until":
            desk.posthog.call("PATCH", f"{TICKETS}/{made['id']}", {name: value})
    desk.posthog.call("PATCH", f"{TICKETS}/{made['id']}", {"snoozed_until": made["snoozed_until"]})
    desk.posthog.call("PATCH", f"{TICKETS}/{made['id']}", again)
    assert fingerprint() == before


@pytest.mark.parametrize("status", STATUS)
def test_hexclave_refuses_the_status_that_it_prints_and_changes_nothing(desk: Desk, status: str) -> None:
    made = desk.start_in_woes()
    write_status(desk, "inbox", made, status)
    before = fingerprint()
    body = {"projectId": desk.project, "type": "status", "status": STATUS[status][2]}
    assert desk.agent.send("PATCH", f"{AGENT}/{made}", body).status_code == 400
    assert fingerprint() == before


def test_bancroft_resolves_once(desk: Desk) -> None:
    made = desk.start_in_woes()
    first = desk.bancroft.call("POST", f"{BANCROFT}{made}/resolve/")
    before = fingerprint()
    assert desk.bancroft.call("POST", f"{BANCROFT}{made}/resolve/") == first
    assert fingerprint() == before


# --- Messages -----------------------------------------------------------------------------------

BODIES = {
    "blanks around": "  \n two lines\r\n\n and a tab\t ",
    "letters of all kinds": "Ünïcode, עברית, 中文, 👩‍👩‍👧‍👦, e\u0301, \u202edesrever",
    "markup": "<b>not bold</b> &amp; <script>alert(1)</script> {{ name }} \\u0041",
    "long": "word " * 1500,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("writer", ["woes", "bancroft"])
def test_text_of_a_message_is_the_same_everywhere_to_the_last_blank(desk: Desk, writer: str, body: str) -> None:
    made = desk.start_in_woes()
    ticket = desk.escalate(made)
    if writer == "woes":
        desk.woes.call("POST", f"{WOES}/{made}/messages", {"body": body})
    else:
        message = {"body": body, "user_email": ADA["email"]}
        desk.bancroft.call("POST", f"{BANCROFT}{made}/messages/create/", message)
    assert {name: [text for _, text in rows] for name, rows in desk.texts(made).items()} == {
        "woes": [body],
        "bancroft": [body],
        "hexclave": [body],
    }
    [message] = desk.posthog.call("GET", f"{TICKETS}/{ticket}/messages")["results"]
    assert message["content"] == body
    # What lists show of it is cut.
    assert len(desk.posthog.call("GET", f"{TICKETS}/{ticket}")["last_message_text"]) <= 500


@pytest.mark.parametrize(
    "subject", [" Odd  subject\t🚀 ", "x" * 2000, "Re: <b>&amp;</b>"], ids=["odd", "long", "markup"]
)
def test_subject_is_the_same_everywhere(desk: Desk, subject: str) -> None:
    made = desk.start_in_woes(subject=subject)
    assert {seen["subject"] for seen in desk.everywhere(made).values()} == {subject}


def test_thread_that_all_formats_write_has_one_order_and_the_same_sides_in_each(
    desk: Desk, mira: Voice, ben: Member
) -> None:
    made = desk.start_as_customer(mira, message="1 from Mira, in her browser")
    ticket = desk.escalate(made)

    def woes(body: str, role: str) -> None:
        desk.woes.call("POST", f"{WOES}/{made}/messages", {"body": body, "role": role})

    def bancroft(body: str, email: str) -> None:
        desk.bancroft.call("POST", f"{BANCROFT}{made}/messages/create/", {"body": body, "user_email": email})

    woes("2 the team, by Woes", "assistant")
    bancroft("3 Mira, by Bancroft", "mira@sample.test")
    desk.change_as_agent(made, type="internal-note", body="not said")
    bancroft("4 Ben, by Bancroft", "ben@acme.example")
    desk.posthog.call("POST", f"{TICKETS}/{ticket}/reply", {"message": "5 the team, by PostHog"})
    woes("6 Mira, by Woes", "user")
    desk.change_as_agent(made, type="status", status="pending")
    desk.change_as_agent(made, type="reply", body="7 the team, by Hexclave")
    mira.call("PATCH", f"{CUSTOMER}/{made}", {"message": "8 Mira again, in her browser"})
    bancroft("9 a colleague whom the desk does not know", "nobody@acme.example")

    texts = desk.texts(made)
    assert texts["woes"] == texts["bancroft"] == texts["hexclave"]
    assert [body[0] for _, body in texts["woes"]] == list("123456789")
    listed = [
        row for row in desk.posthog.call("GET", f"{TICKETS}/{ticket}/messages")["results"] if not row["is_private"]
    ]
    assert [(row["id"], row["content"]) for row in listed] == texts["woes"]
    hers = mira.call("GET", f"{CUSTOMER}/{made}")["messages"]
    assert [(row["id"], row["body"]) for row in hers if row["message_type"] == "message"] == texts["woes"]

    who_wrote = ["customer" if body[0] in "1368" else "team" for _, body in texts["woes"]]
    rows = desk.woes.call("GET", f"{WOES}/{made}/messages")["messages"]
    assert [{"user": "customer", "assistant": "team"}[row["role"]] for row in rows] == who_wrote
    assert [
        {"user": "customer", "agent": "team"}[row["sender"]["type"]] for row in hers if row["message_type"] == "message"
    ] == who_wrote
    assert [{"customer": "customer", "support": "team"}[row["author_type"]] for row in listed] == who_wrote
    emails = [row["sender_email"] for row in desk.bancroft.call("GET", f"{BANCROFT}{made}/messages/")["results"]]
    assert ["customer" if email == "mira@sample.test" else "team" for email in emails] == who_wrote
    assert (emails[3], emails[8]) == ("ben@acme.example", "nobody@acme.example")
    names = {row["body"][0]: row["sender"]["display_name"] for row in hers if row["body"]}
    assert (names["1"], names["4"]) == ("Mira Okafor", "Ben Kimura")
    assert {row["content"][0]: row["author_name"] for row in listed}["4"] == "Ben Kimura"


def test_preview_and_last_message_are_the_same_message_in_every_format(desk: Desk) -> None:
    made = desk.start_in_woes()
    desk.bancroft.call("POST", f"{BANCROFT}{made}/messages/create/", {"body": "First", "user_email": ADA["email"]})
    desk.change_as_agent(made, type="reply", body="Second")
    seen = desk.everywhere(made)
    assert (seen["woes"]["preview"], seen["hexclave"]["preview"]) == ("Second", "Second")
    assert seen["woes"]["lastMessageAt"] == seen["hexclave"]["lastMessageAt"] == seen["hexclave"]["lastActivityAt"]
    assert seen["hexclave"]["lastOutboundAt"] == seen["woes"]["lastMessageAt"]


# --- Tickets and conversations ------------------------------------------------------------------


@pytest.mark.parametrize("answerer", ["woes", "bancroft", "hexclave"])
def test_ticket_that_posthog_opens_is_answered_from_every_other_format(desk: Desk, answerer: str) -> None:
    ticket = desk.open_ticket(
        anonymous_traits={"name": "Nia Okafor", "email": "nia@example.com"}, escalation_reason="Refund is missing"
    )
    [found] = desk.woes.call("GET", WOES)["conversations"]
    made = found["id"]
    assert (found["subject"], found["channel"], found["status"]) == ("Refund is missing", "api", "open")
    assert [row["id"] for row in desk.bancroft.call("GET", BANCROFT)["results"]] == [made]

    desk.bancroft.call(
        "POST", f"{BANCROFT}{made}/messages/create/", {"body": "Where is it?", "user_email": "nia@example.com"}
    )
    unread = desk.posthog.call("GET", f"{TICKETS}?search=refund")["results"][0]
    assert (unread["id"], unread["message_count"], unread["unread_team_count"]) == (ticket["id"], 1, 1)
    assert unread["last_message_text"] == "Where is it?"

    if answerer == "woes":
        desk.woes.call("POST", f"{WOES}/{made}/messages", {"body": "On its way.", "role": "assistant"})
    elif answerer == "bancroft":
        body = {"body": "On its way.", "user_email": "ben@acme.example"}
        desk.bancroft.call("POST", f"{BANCROFT}{made}/messages/create/", body)
    else:
        desk.change_as_agent(made, type="reply", body="On its way.")
    found = desk.posthog.call("GET", f"{TICKETS}?search=refund")["results"][0]
    assert (found["message_count"], found["unread_team_count"], found["unread_customer_count"]) == (2, 0, 1)
    listed = desk.posthog.call("GET", f"{TICKETS}/{ticket['id']}/messages")["results"]
    assert [(row["content"], row["author_type"]) for row in listed] == [
        ("Where is it?", "customer"),
        ("On its way.", "support"),
    ]
    assert STATUS["pending"] == tuple(seen["status"] for seen in desk.everywhere(made).values())


@pytest.mark.parametrize("starter", ["woes", "bancroft", "customer"])
def test_conversation_of_any_format_is_answered_from_posthog_once_it_has_a_ticket(
    desk: Desk, mira: Voice, starter: str
) -> None:
    made = {
        "woes": lambda: desk.start_in_woes(channel="email"),
        "bancroft": lambda: desk.start_in_bancroft(channel="email"),
        "customer": lambda: desk.start_as_customer(mira),
    }[starter]()
    ticket = desk.escalate(made)
    known = desk.posthog.call("GET", f"{TICKETS}/{ticket}")
    assert known["distinct_id"] == desk.in_woes(made)["customer"]["id"]
    assert (known["channel_source"], known["channel_detail"]) == (
        ("widget", "widget_embedded") if starter == "customer" else ("email", None)
    )
    desk.posthog.call("POST", f"{TICKETS}/{ticket}/reply", {"message": "Fixed in 2.1."})
    assert {rows[-1][1] for rows in desk.texts(made).values()} == {"Fixed in 2.1."}
    assert desk.woes.call("GET", f"{WOES}/{made}/messages")["messages"][-1]["role"] == "assistant"
    assert desk.in_woes(made)["preview"] == "Fixed in 2.1."
    if starter == "customer":
        assert mira.call("GET", f"{CUSTOMER}/{made}")["messages"][-1]["sender"]["type"] == "agent"


def test_status_of_a_ticket_and_of_its_conversation_are_two_things(desk: Desk) -> None:
    made = desk.start_in_woes()
    ticket = desk.escalate(made)
    desk.posthog.call("PATCH", f"{TICKETS}/{ticket}", {"status": "resolved"})
    assert desk.in_woes(made)["status"] == "open"
    desk.woes.call("PATCH", f"{WOES}/{made}", {"status": "solved"})
    desk.posthog.call("PATCH", f"{TICKETS}/{ticket}", {"status": "open"})
    assert desk.in_bancroft(made)["status"] == "resolved"


def test_conversation_outlives_its_ticket_with_all_its_messages(desk: Desk) -> None:
    made = desk.start_in_bancroft(description="It fails.", metadata={"plan": "pro"})
    ticket = desk.escalate(made)
    desk.posthog.call("POST", f"{TICKETS}/{ticket}/reply", {"message": "Fixed in 2.1."})
    before, texts = desk.everywhere(made), desk.texts(made)
    assert desk.posthog.send("DELETE", f"{TICKETS}/{ticket}").status_code == 204
    after = desk.everywhere(made)
    for name, moment in (("woes", "updatedAt"), ("bancroft", "updated_at"), ("hexclave", "updatedAt")):
        assert {**after[name], moment: None} == {**before[name], moment: None}
    assert desk.texts(made) == texts


# --- Moments ------------------------------------------------------------------------------------

MOMENTS = [
    datetime(2031, 5, 4, 9, 30, 15, 999_999, tzinfo=UTC),
    datetime(2031, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
    datetime(2032, 2, 29, 0, 0, 0, 1_000, tzinfo=UTC),
    datetime(2031, 5, 4, 9, 30, 15, tzinfo=UTC),
]


def parsed(text: str) -> datetime:
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("at", MOMENTS, ids=str)
def test_a_moment_is_the_same_in_every_format_up_to_its_precision(desk: Desk, at: datetime) -> None:
    with time_machine.travel(at, tick=False):
        made = desk.start_in_bancroft(description="It fails.", metadata={"plan": "pro"})
        ticket = desk.escalate(made)
        seen = desk.everywhere(made)
        exact = at.replace(microsecond=at.microsecond // 1000 * 1000)
        whole = at.replace(microsecond=0)
        for name in ("createdAt", "updatedAt", "lastMessageAt"):
            assert parsed(seen["woes"][name]) == parsed(seen["hexclave"][name]) == exact
        assert parsed(seen["bancroft"]["created_at"]) == parsed(seen["bancroft"]["updated_at"]) == whole
        [ours] = desk.woes.call("GET", f"{WOES}/{made}/messages")["messages"]
        [theirs] = desk.bancroft.call("GET", f"{BANCROFT}{made}/messages/")["results"]
        [entry] = desk.thread(made)["messages"]
        [message] = desk.posthog.call("GET", f"{TICKETS}/{ticket}/messages")["results"]
        assert parsed(ours["createdAt"]) == parsed(entry["createdAt"]) == parsed(message["created_at"]) == exact
        assert parsed(theirs["created_at"]) == whole
        known = desk.posthog.call("GET", f"{TICKETS}/{ticket}")
        assert parsed(known["created_at"]) == parsed(known["last_message_at"]) == exact
        desk.bancroft.call("POST", f"{BANCROFT}{made}/resolve/")
        seen = desk.everywhere(made)
        assert parsed(seen["woes"]["closedAt"]) == parsed(seen["hexclave"]["closedAt"]) == exact
