"""Searches find what their plain rules say, in the same order, whichever way they reach it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from random import Random

import pytest
from django.db.models import Q

from accounts import clock
from accounts.models import Workspace
from conversations import actions
from conversations.models import Conversation, Message, MessageKind
from conversations.models.searched import TokensQuery
from conversations.queries import newest, search, tickets
from conversations.queries.conversations import conversations
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, receive, reply
from tickets import queries as all_tickets
from tickets.models import Ticket

pytestmark = pytest.mark.usefixtures("in_acme")

# From each row to none, with shared beginnings, middles and ends, and one that is longer than its tokens.
WORDS = [
    "charge",
    "charger",
    "recharge",
    "overcharged",
    "refund",
    "fund",
    "Rückgabe",
    "invoice",
    "INV-2026",
    "退款申请",
    "x" * 90 + "tail",
]
TEXTS = ["charge", "CHARG", "rge", "overch", "fund", "refund inv", "rück", "gabe", "2026", "v-20", "款申", "xtail", "nowhere", "e", "-", "%"]  # fmt: skip
TYPED = ["charge", "over", "fund refund", "ruckgabe", "2026", '"refund invoice"', "退款", "charge nowhere", "inv"]
WAYS = (0, 2, 5, 300)
"""Of how many of the newest rows a search learns how frequent something is: by the index alone, by walking on, by reading all."""


@pytest.fixture
def desk(acme: Workspace, ben: Member) -> Workspace:
    """Conversations of many days, of several messages each, a third of them with tickets."""
    chosen, now = Random(7), clock.now()  # the same every time

    def text(most: int) -> str:
        return " ".join(chosen.choice(WORDS) for _ in range(chosen.randint(1, most)))

    people = [ContactFactory(workspace=acme, name=name) for name in ("Ann Fund", "Overcharged Ltd", "Jo Roe")]
    for n in range(60):
        at = now - timedelta(days=90 - n)
        one = ConversationFactory(
            workspace=acme, contact=chosen.choice(people), subject=text(2), body=text(4) if n % 7 else None, at=at
        )
        for hours in range(chosen.randint(0, 3)):
            when = at + timedelta(hours=hours * chosen.choice((1, 200)))
            match chosen.randint(0, 2):
                case 0:
                    reply(one, text(3), at=when)
                case 1:
                    receive(one, text(3), at=when)
                case _:
                    actions.note(conversation=one, body=text(2), by=ben.actor, at=when)
            one.refresh_from_db()
        if n % 3 == 0:
            actions.escalate(conversation=one, by=ben.actor, at=at + timedelta(days=40))
    return acme


def test_parts_of_texts_are_found_by_their_rule_in_every_way(desk: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = set()
    for last in ("last_activity", "last_visible"):
        for text in TEXTS:
            rule = Q(subject__icontains=text) | Q(contact__name__icontains=text) | Q(contact__email__icontains=text)
            rule |= Q(**{f"{last}__body__icontains": text})
            rows = Conversation.objects.filter(rule).order_by(f"-{last}_at", "-pk")
            wanted = list(rows.values_list("pk", flat=True))
            sizes.add(len(wanted))
            listed = newest.Listed(conversations, f"{last}_at")
            for way in WAYS:
                monkeypatch.setattr(newest, "BOUNDED_SAMPLE", way)
                for start, count in ((0, 1), (0, 4), (3, 10), (0, 100)):
                    found = newest.newest(listed, search.containing(text, last), count, start)
                    assert [row.pk for row in found] == wanted[start:count], (last, text, way, start, count)
    assert {0, 60} < sizes, "from none to all"


def test_words_are_found_by_their_rule_in_every_way(desk: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    listed, sizes = newest.Listed(conversations, "last_message_at"), set()
    for typed in TYPED:
        question = search.words(typed)
        rows = search.matching(conversations(), question).order_by("-last_message_at", "-pk")
        wanted = list(rows.values_list("pk", flat=True))
        sizes.add(len(wanted))
        for way in WAYS:
            monkeypatch.setattr(newest, "SAMPLE", way)
            for start, count in ((0, 1), (0, 4), (3, 10), (0, 100)):
                found = newest.newest(listed, question, count, start)
                assert [row.pk for row in found] == wanted[start:count], (typed, way, start, count)
    assert len(sizes) > 4, "from rare to frequent"


def test_a_search_that_goes_through_the_newer_ones_alone_finds_what_all_would_show(
    desk: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest, "BOUNDED_SAMPLE", 4)
    looked: list[int] = []
    moment = newest._Search.moment

    def noted(search: newest._Search, far: int) -> datetime | None:
        looked.append(far)
        return moment(search, far)

    monkeypatch.setattr(newest._Search, "moment", noted)
    rows = newest.Listed(conversations, "last_activity_at")
    for text in TEXTS:
        find = partial(newest.newest, rows, search.containing(text, "last_activity"))
        assert [row.pk for row in find(4)] == [row.pk for row in find(100)][:4], text
    assert looked, "it went through all of them"


def test_tickets_are_found_by_their_rule(desk: Workspace) -> None:
    sizes = set()
    for text in (*TEXTS, *TYPED):
        wanted = {
            *Ticket.objects.filter(
                Q(subject__icontains=text) | Q(anonymous_traits__name__icontains=text)
                | Q(anonymous_traits__email__icontains=text) | Q(conversations__subject__icontains=text)
            ).values_list("pk", flat=True)
        }  # fmt: skip
        written = Message.objects.filter(kind__in=(MessageKind.MESSAGE, MessageKind.NOTE), body__icontains=text)
        for message in [*written, *_with_words(text)]:
            if ticket := message.conversation.ticket_id:
                wanted.add(ticket)
        if text.isdigit():
            wanted = {*Ticket.objects.filter(number=int(text)).values_list("pk", flat=True)}
        sizes.add(len(wanted))
        assert {row.pk for row in tickets.matching(all_tickets.tickets(), text)} == wanted, text
    assert len(sizes) > 4, "from rare to frequent"


def _with_words(text: str) -> list[Message]:
    """Messages that hold all the words, read one by one."""
    words = TokensQuery.of(text)
    return [row for row in Message.objects.all() if words and Message.objects.filter(pk=row.pk, tokens=words).exists()]
