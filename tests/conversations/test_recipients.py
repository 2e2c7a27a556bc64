"""Whom mails go to: what people write into a field, and the standing list of a conversation."""

from __future__ import annotations

import pytest

from accounts.errors import Invalid
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Conversation, MailboxAddress
from conversations.queries import mails
from conversations.texts import recipients
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, recorded, refused
from tests.factories import ContactFactory, ConversationFactory
from tests.inbox.mails import inbound, mailbox

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    contact = ContactFactory(workspace=acme, email="ada@x.example")
    return ConversationFactory(workspace=acme, contact=contact, at=MORNING, mailbox=mailbox(acme), cc=["bob@y.example"])


def set_cc(conversation: Conversation, cc: list[str], seen: list[str] | None = None) -> Conversation:
    by = Actor.system(conversation.workspace_id)
    return actions.set_cc(conversation=conversation, cc=cc, seen=seen, by=by, at=minutes(1))


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("", []),
        (" , ;\n", []),
        ("ada@x.example", ["ada@x.example"]),
        ("Ada@X.Example, ada@x.example", ["ada@x.example"]),
        ("ada@x.example; bob@y.example\ncid@z.example,", ["ada@x.example", "bob@y.example", "cid@z.example"]),
        ('"Lee, Bob" <bob@y.example>, Ada <ada@x.example>', ["bob@y.example", "ada@x.example"]),
        ("<bob@y.example> mailto:ada@x.example".replace("> ", ">,"), ["bob@y.example", "ada@x.example"]),
    ],
)
def test_recipients_are_read_as_people_write_them(text: str, addresses: list[str]) -> None:
    assert recipients.parse(text) == addresses


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("ada@x.example, bob@", "bob@"),
        ("ada", "ada"),
        ("ada@x.example bob@y.example", "ada@x.example bob@y.example"),
        ("Bob <bob>, ada@x.example", "Bob <bob>"),
        ('"unclosed, ada@x.example', '"unclosed, ada@x.example'),
        ("a" * 300 + "@x.example", "a" * 80 + "…"),
        ("ada@x.example\x00", "ada@x.example\x00"),
    ],
)
def test_a_wrong_address_is_named(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match="is not an email address") as error:
        recipients.parse(text)
    assert f"“{wrong}”" in str(error.value)


@pytest.mark.parametrize(
    "text",
    ["<" * 9_000, '"' * 9_999, "(" * 9_000, ",".join(f"a{n}@x.example" for n in range(51)), "a@x.example," * 9_000],
)
def test_no_line_of_recipients_costs_much_or_is_endless(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an email address|up to 50|too many"):
        recipients.parse(text)


@pytest.mark.parametrize(
    ("standing", "seen", "chosen", "result"),
    [
        (["a"], ["a"], ["a"], ["a"]),
        (["a"], ["a"], ["a", "b"], ["a", "b"]),
        (["a", "b"], ["a", "b"], ["b"], ["b"]),
        (["a", "new"], ["a"], ["a"], ["a", "new"]),  # who was added meanwhile stays
        (["a", "new"], ["a"], [], ["new"]),
        (["a", "new"], ["a"], ["b", "new"], ["b", "new"]),
    ],
)
def test_a_choice_leaves_alone_who_was_not_seen(
    standing: list[str], seen: list[str], chosen: list[str], result: list[str]
) -> None:
    assert recipients.merged(standing, seen, chosen) == result


def test_copies_are_one_event_with_how_many_came_and_went(conversation: Conversation) -> None:
    change = lambda: set_cc(conversation, ["cid@z.example", "dee@z.example"])  # noqa: E731
    data = {"added_count": 2, "removed_count": 1}  # the journal holds no addresses
    assert recorded(change) == [("conversation.cc_changed", data)]
    row = Conversation.objects.get(pk=conversation.pk)
    assert (row.cc, row.updated_at) == (["cid@z.example", "dee@z.example"], minutes(1))
    with nothing_changes():
        change()


def test_copies_that_are_no_addresses_are_refused(conversation: Conversation) -> None:
    with refused(Invalid, field="cc"):
        set_cc(conversation, ["bob"])
    with refused(Invalid, field="cc"):
        set_cc(conversation, [f"a{number}@x.example" for number in range(51)])


def test_an_outsider_is_one_whom_the_conversation_does_not_know(conversation: Conversation, ben: Member) -> None:
    known = {"cc": [["Cid", "Cid@z.example"]], "from_address": "eve@e.example"}
    inbound(conversation, **known)
    asked = ["ada@x.example", "bob@y.example", "cid@z.example", "eve@e.example", ben.user.email, "dee@z.example"]
    assert mails.outsiders(conversation, asked) == ["dee@z.example"]


def test_the_desks_own_addresses_are_known(conversation: Conversation) -> None:
    box = conversation.mailbox
    MailboxAddress.objects.create(workspace=conversation.workspace, mailbox=box, address="support@acme.example")
    assert mails.own(["ada@x.example", "support@acme.example"]) == ["support@acme.example"]
    assert mails.own([]) == []
