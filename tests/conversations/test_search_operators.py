"""The operators of the search: what they find, what stays text, and what nobody should type."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import clock
from accounts.models import Workspace
from conversations import actions
from conversations.conditions.typed import typed
from conversations.models import Attachment, Conversation
from conversations.screens.inbox import queries as inbox_queries
from conversations.texts import operators
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, TeamFactory, reply

pytestmark = pytest.mark.usefixtures("in_acme")


def found(member: Member, search: str, view: str = "open") -> list[str]:
    """The subjects of what is found, newest message first; the same rows pass when they are asked for by themselves."""
    page = inbox_queries.inbox_page(inbox_queries.INBOX_VIEWS[view], user=member.user, search=search)
    rows = inbox_queries.inbox_rows(inbox_queries.INBOX_VIEWS[view], member.user, search)
    assert {row.pk for row in page.rows} == {row.pk for row in rows}, search
    return [row.subject for row in page.rows]


@pytest.fixture
def desk(acme: Workspace, ada: Member, ben: Member) -> None:
    """Five conversations that differ in all that operators ask for."""
    at, by = clock.now() - timedelta(days=3), ada.actor
    lovelace = ContactFactory(
        workspace=acme, name="Grace O'Malley", email="grace@orchard.example", company="Orchard Foods"
    )
    other = ContactFactory(workspace=acme, name="Tom Weber", email="tom@example.com")
    refund = ConversationFactory(workspace=acme, contact=lovelace, subject="Refund", body="needs money back", at=at)
    charger = ConversationFactory(workspace=acme, contact=other, subject="Charger", body="money for a charger", at=at)
    invoice = ConversationFactory(workspace=acme, contact=other, subject="Invoice", body="order 7731")
    resolved = ConversationFactory(workspace=acme, contact=lovelace, subject="Thanks", body="all good")
    billing = TeamFactory(workspace=acme, name="Billing Team", members=[ben.user])
    actions.set_tags(conversation=refund, names=["needs reply", "vIp"], by=by, at=at)
    actions.assign(conversation=refund, to=ben.user, by=by, at=at)
    actions.assign(conversation=charger, team=billing, by=by, at=at)
    reply(invoice, "see the attached file", uploads=[ContentFile(b"%PDF-1.4 x", "Größenwahn_receipt.pdf")], by=by)
    actions.set_status(conversation=resolved, status="resolved", by=by, at=clock.now())
    actions.note(conversation=charger, body="the hovercraft is full of eels", by=by, at=at)


FOUND: list[tuple[str, set[str]]] = [
    ("from:grace", {"Refund", "Thanks"}),
    ("from:orchard money", {"Refund"}),
    ('from:"Tom Weber" from:grace is:open', {"Refund", "Charger"}),
    ('tag:"needs reply"', {"Refund"}),
    ("tag:vip", {"Refund"}),
    ("TAG:VIP is:open", {"Refund"}),
    ("is:resolved", {"Thanks"}),
    ("is:resolved is:pending", {"Thanks", "Invoice"}),
    ("-is:open", {"Thanks", "Invoice"}),
    ("assignee:me", {"Refund"}),
    ("assignee:ben money", {"Refund"}),
    ("assignee:nobody money", {"Charger"}),
    ("assignee:nosuchmember", set()),
    ("team:billing", {"Charger"}),
    ("team:mine", {"Charger"}),
    ("team:none is:open", {"Refund"}),
    ("channel:api money", {"Refund", "Charger"}),
    ("channel:mail", set()),
    ("after:yesterday", {"Invoice", "Thanks"}),
    ("before:1d", {"Refund", "Charger"}),
    ("before:2020", set()),
    ("after:2020-01", {"Refund", "Charger", "Invoice", "Thanks"}),
    ("has:file", {"Invoice"}),
    ("-has:file from:tom", {"Charger"}),
    ("money -from:grace", {"Charger"}),
    ('money -"money back"', {"Charger"}),
    ('"money back"', {"Refund"}),
    ('"back money"', set()),
    ("receipt", {"Invoice"}),  # the name of a file
    ("grossenwahn has:file", {"Invoice"}),
    ("hovercraft", {"Charger"}),
    ("is:open !!!", {"Refund", "Charger"}),
]


@pytest.mark.usefixtures("desk")
def test_operators_combine_with_words(ben: Member) -> None:
    assert [(search, set(found(ben, search))) for search, _subjects in FOUND] == FOUND


@pytest.mark.usefixtures("desk")
def test_what_is_no_operator_is_text(ben: Member) -> None:
    for search in ("money -urgent", "is:weird", "after:notadate", "unknown:value", "https://x.example", "is:", "tag:"):
        assert typed(search).condition.is_empty, search
        assert typed(search).words == search
        assert found(ben, search) == (["Charger"] if search == "is:" else []), search  # a word of its note


def test_number_comes_first_and_then_what_holds_it(acme: Workspace, ben: Member) -> None:
    first = ConversationFactory(workspace=acme, subject="The first one")
    holds = ConversationFactory(workspace=acme, subject=f"As in {first.number}")
    ticket = actions.escalate(conversation=holds, by=ben.actor, at=clock.now())
    assert ticket is not None
    for search in (f"#{first.number}", str(first.number), f"{first.number} is:open"):
        assert found(ben, search)[0] == "The first one" or found(ben, search)[0].startswith("As in")
        assert set(found(ben, search)) == {"The first one", f"As in {first.number}"}
    assert found(ben, f"#{first.number} is:resolved") == []


def test_spam_and_what_the_assistant_handles_are_found_where_they_are_named(acme: Workspace, ben: Member) -> None:
    spam = ConversationFactory(workspace=acme, subject="Win a prize")
    actions.mark_spam(conversation=spam, block=False, by=ben.actor, at=clock.now())
    assert found(ben, "prize") == []
    assert found(ben, "prize is:spam") == ["Win a prize"]


def test_rare_operator_leads_the_search_past_the_newest(
    acme: Workspace, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.queries.newest.SAMPLE", 3)
    old = ConversationFactory(workspace=acme, subject="Old", body="common word")
    actions.set_tags(conversation=old, names=["rare"], by=ben.actor, at=clock.now())
    for number in range(12):
        ConversationFactory(workspace=acme, subject=f"New {number}", body="common word")
    assert found(ben, "tag:rare") == ["Old"]
    assert found(ben, "common tag:rare") == ["Old"]
    assert found(ben, "common -tag:rare is:open") == [f"New {number}" for number in reversed(range(12))]
    assert found(ben, "-tag:rare") == [f"New {number}" for number in reversed(range(12))]


def test_name_of_a_file_is_found_until_the_file_is_gone(acme: Workspace, ben: Member) -> None:
    row = ConversationFactory(workspace=acme, subject="Photos")
    message = reply(row, "see", uploads=[ContentFile(b"%PDF-1.4 x", "zebra-crossing.pdf")])
    assert found(ben, "zebra") == ["Photos"]
    assert found(ben, '"zebra crossing"') == ["Photos"]
    message.attachments.get().delete()
    assert found(ben, "zebra") == []
    assert Conversation.objects.filter(pk=row.pk).exists()


def test_deleting_many_files_writes_the_words_of_each_conversation_once(acme: Workspace, ben: Member) -> None:
    rows = [ConversationFactory(workspace=acme, subject=f"Photos {number}") for number in range(2)]
    for row in rows:
        reply(row, "see", uploads=[ContentFile(b"%PDF-1.4 x", f"zebra-{number}.pdf") for number in range(3)])
    before = written()
    Attachment.objects.all().delete()
    assert written() - before == len(rows)
    assert (found(ben, "zebra"), found(ben, "see")) == ([], ["Photos 1", "Photos 0"])


def written() -> int:
    """How often documents of the search were changed in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_get_xact_tuples_updated('conversations_searchdocument'::regclass)")
        count: int = cursor.fetchone()[0]
    return count


NASTY = [
    'tag:"', 'tag:""', '-"', '-""', 'from:"a" b" c"', "is:open\x00", "tag:a\x00b", "from:\x00", "assignee:%_\\", "team:'); DROP TABLE x;--",
    "before:99999-01-01", "before:0000-00-00", "after:9999-12-31", "before:-5d", "after:999999999d", "مرحبا tag:مرحبا -tag:שלום",
    "tag:" + "x" * 10_000, "x" * 10_000, "-" * 500, "tag:a " * 100, '-"a" ' * 100, "\ud800 is:open", "is:open\u202e", "has:FILE", "assignee:" + "9" * 40,
]  # fmt: skip


@pytest.mark.usefixtures("desk")
def test_nothing_that_is_typed_breaks_the_search(ben: Member) -> None:
    for search in NASTY:
        typed(search)
        if "\ud800" not in search:
            found(ben, search[:200])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(
        st.sampled_from(
            [f"{minus}{name}:" for name in operators.NAMES for minus in ("", "-")]
            + ['"', "-", " ", "open", "#1", "2026-01", "7d"]
        )
        | st.text(max_size=5),
        max_size=12,
    ).map("".join)
)
def test_any_mixture_is_read(acme: Workspace, ben: Member, search: str) -> None:
    if not any("\ud800" <= char <= "\udfff" for char in search):
        found(ben, search[:200])


@given(
    st.sampled_from(operators.NAMES),
    st.text(st.characters(exclude_characters='"\x00', exclude_categories=["Cs"]), min_size=1, max_size=30),
)
def test_spelled_operator_is_read_back(name: str, value: str) -> None:
    if not (value := " ".join(value.split())):
        return
    read: list[operators.Operator] = []
    rest = operators.taken(operators.spelled(name, value), lambda one: read.append(one) or True)  # type: ignore[func-returns-value]
    assert (rest, read) == ("", [operators.Operator(name, value, False)])
