"""Handing replies to their channels: each once, again after a failure that may pass, and after a crash only what was on its way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from accounts import clock, tenancy
from accounts.errors import Conflict
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions, channels
from conversations.channels import leases, outbox
from conversations.channels.results import NotSent, Result, Sent
from conversations.models import Channel, Delivery, DeliveryState, Mailbox, Message
from tests.concurrency import at_once
from tests.conftest import Member
from tests.effects import nothing_changes, types
from tests.factories import ConversationFactory, reply
from tests.mail_server import MailServer, mail_server
from tests.outbox import by_mail, leave, make_due, now, scheduled
from tests.runtime.machine import DEADLINE, ROOT

SENDER = """
import os, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["LIVE_DATABASE"]
settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", int(os.environ["MAIL_PORT"]), False
from conversations.channels import outbox
outbox.deliver_due()
"""
PASSES = NotSent("away", "It is away.", is_permanent=False)
FINAL = NotSent("refused", "It was refused.", is_permanent=True)

Answer = Callable[[Delivery], Result]


class Pigeons:
    """A channel of the tests, to which every conversation belongs: it notes what it is handed, and answers as the test says."""

    def __init__(self) -> None:
        self.carried: list[str] = []
        self.calls: list[int] = []
        self.answers: dict[str, Result | Exception] = {}
        self.knows: bool | None = None

    def deliver(self, deliveries: Sequence[Delivery]) -> Iterator[tuple[Delivery, Result]]:
        self.calls.append(len(deliveries))
        for one in deliveries:
            text = Message.objects.get(pk=one.message_id).body or ""
            if not leases.handed(one):
                continue
            self.carried.append(text)
            answer = self.answers.get(text, Sent(f"pigeon {text}"))
            if isinstance(answer, Exception):
                raise answer
            yield one, answer

    def was_taken(self, delivery: Delivery) -> bool | None:
        return self.knows


@pytest.fixture
def pigeons(monkeypatch: pytest.MonkeyPatch) -> Pigeons:
    made = Pigeons()
    known = channels.ChannelType(
        "chat", "Chat", takes=lambda conversation: True, deliver=made.deliver, was_taken=made.was_taken
    )
    monkeypatch.setattr(channels, "all_channels", lambda: {"chat": known})
    return made


def sent(workspace: Workspace, *texts: str) -> list[Delivery]:
    """Replies on their way, each in a conversation of its own."""
    with tenancy.scope(workspace):
        messages = [reply(ConversationFactory(workspace=workspace, channel=Channel.CHAT), text) for text in texts]
        return [Delivery.objects.get(message=message) for message in messages]


def states() -> list[tuple[str, str]]:
    rows = Delivery.all_workspaces.order_by("pk").select_related("message")
    return [(row.state, row.message.delivery_status if row.message else "") for row in rows]


# --- Results --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_replies_of_all_workspaces_are_handed_over_together_by_workspace(
    pigeons: Pigeons, acme: Workspace, globex: Workspace
) -> None:
    sent(acme, "one"), sent(globex, "three"), sent(acme, "two")
    outbox.deliver_due()
    assert pigeons.carried == ["one", "two", "three"]
    assert pigeons.calls == [2, 1]
    assert states() == [("sent", "delivered")] * 3
    assert {row.channel_message_id for row in Delivery.all_workspaces.all()} == {
        "pigeon one",
        "pigeon two",
        "pigeon three",
    }
    outbox.deliver_due()
    assert len(pigeons.carried) == 3


@pytest.mark.django_db
def test_more_than_a_batch_is_handed_over_in_one_go(
    pigeons: Pigeons, acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "BATCH", 2)
    with connection.cursor() as cursor:  # however PostgreSQL joins what is due
        ways = ("hashjoin", "mergejoin", "hashagg", "sort", "indexscan", "bitmapscan", "material", "memoize")
        cursor.execute("".join(f"SET LOCAL enable_{way} = off;" for way in ways))
    sent(acme, "1", "2", "3", "4", "5")
    outbox.deliver_due()
    assert (pigeons.carried, pigeons.calls) == (["1", "2", "3", "4", "5"], [2, 2, 1])


@pytest.mark.usefixtures("in_acme")
def test_failure_that_may_pass_is_tried_again_with_growing_pauses_and_then_failed(
    pigeons: Pigeons, acme: Workspace
) -> None:
    pigeons.answers = {"one": PASSES}
    (delivery,) = sent(acme, "one")
    pauses = []
    for _ in range(outbox.ATTEMPTS):
        assert states() == [("sending", "sending")]
        outbox.deliver_due()
        outbox.deliver_due()  # it is not due
        pauses.append((now(delivery).due_at - clock.now()).total_seconds())
        make_due()
    assert len(pigeons.carried) == outbox.ATTEMPTS
    assert pauses[:-1] == sorted(pauses[:-1])
    assert states() == [("failed", "failed")]
    assert now(delivery).reason.endswith("It is away.")
    assert Event.objects.filter(type="message.delivery_changed", data__delivery="failed").count() == 1


@pytest.mark.usefixtures("in_acme")
def test_final_failure_is_shown_at_once_and_stops_none_of_the_others(pigeons: Pigeons, acme: Workspace) -> None:
    pigeons.answers = {"two": FINAL}
    _, failed, _ = sent(acme, "one", "two", "three")
    outbox.deliver_due()
    assert states() == [("sent", "delivered"), ("failed", "failed"), ("sent", "delivered")]
    assert (now(failed).code, now(failed).reason) == ("refused", "It was refused.")


@pytest.mark.usefixtures("in_acme")
def test_server_that_is_away_is_asked_once_and_holds_up_no_other(pigeons: Pigeons, acme: Workspace) -> None:
    mailboxes = [Mailbox.objects.create(workspace=acme, address=f"{name}@acme.example") for name in ("away", "here")]
    away = NotSent("connection", "It is away.", is_permanent=False, concerns_all=True)
    pigeons.answers = dict.fromkeys(["one", "three", "five"], away)
    for number, delivery in enumerate(sent(acme, "one", "two", "three", "four", "five")):
        Delivery.objects.filter(pk=delivery.pk).update(mailbox=mailboxes[number % 2])
    outbox.deliver_due()
    assert sorted(pigeons.carried) == ["four", "one", "two"]
    assert [state for state, _ in states()] == ["sending", "sent", "sending", "sent", "sending"]
    assert {*Delivery.objects.filter(state="sending").values_list("attempts", "code")} == {(1, "connection")}
    # What has failed before comes last.
    pigeons.carried = []
    Delivery.objects.filter(pk=sent(acme, "six")[0].pk).update(mailbox=mailboxes[1])
    make_due()
    outbox.deliver_due()
    assert pigeons.carried == ["six", "one"]


@pytest.mark.usefixtures("in_acme")
def test_reply_that_breaks_its_channel_is_tried_alone_and_stops_none_of_the_others(
    pigeons: Pigeons, acme: Workspace
) -> None:
    pigeons.answers = {"two": ZeroDivisionError()}
    _, broken, _ = sent(acme, "one", "two", "three")
    outbox.deliver_due()
    assert [state for state, _ in states()] == ["sent", "sending", "sent"]
    assert now(broken).due_at > clock.now()
    for _ in range(outbox.ATTEMPTS):
        make_due()
        outbox.deliver_due()
    assert [state for state, _ in states()] == ["sent", "failed", "sent"]


@pytest.mark.usefixtures("in_acme")
def test_batch_for_which_there_is_no_time_is_put_back_as_if_it_had_not_been_taken(
    pigeons: Pigeons, acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(acme, "one", "two", "three")
    seconds = iter([0.0, 0.0, 0.0])  # when the batch begins, its first group, and its first reply has been handed over
    monkeypatch.setattr(outbox, "time", SimpleNamespace(monotonic=lambda: next(seconds, outbox.BEGIN_WITHIN + 1)))
    outbox.deliver_due()
    assert pigeons.carried == ["one", "two"]
    assert list(Delivery.objects.order_by("pk").values_list("state", "attempts"))[2:] == [("sending", 0)]
    outbox.deliver_due()
    assert pigeons.carried == ["one", "two", "three"]


@pytest.mark.usefixtures("in_acme")
def test_channel_that_is_gone_fails_its_replies(pigeons: Pigeons, acme: Workspace) -> None:
    (delivery,) = sent(acme, "one")
    Delivery.objects.update(channel="discord")
    outbox.deliver_due()
    assert (now(delivery).state, now(delivery).code) == ("failed", "no_channel")


# --- Again ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("in_acme")
def test_failed_reply_is_retried_by_hand_one_or_all(pigeons: Pigeons, acme: Workspace, ben: Member) -> None:
    by: dict[str, Any] = {"by": ben.actor, "at": clock.now()}
    pigeons.answers = dict.fromkeys(["one", "two", "three"], FINAL)
    one, two, three = sent(acme, "one", "two", "three")
    outbox.deliver_due()
    pigeons.answers = {}
    assert types(lambda: actions.retry(delivery=one, **by)) == ["message.delivery_changed"]
    with nothing_changes():
        actions.retry(delivery=one, **by)
    assert types(lambda: actions.discard(delivery=three, **by)) == ["reply.discarded"]
    with nothing_changes():
        actions.discard(delivery=three, **by)
    assert types(lambda: actions.retry_all(workspace=acme, **by)) == ["message.delivery_changed"]
    assert now(two).attempts == 0
    outbox.deliver_due()
    assert states() == [("sent", "delivered"), ("sent", "delivered"), ("cancelled", "failed")]
    with nothing_changes():
        assert actions.retry_all(workspace=acme, **by) == 0
    actions.retry(delivery=three, **by)
    outbox.deliver_due()
    assert now(three).state == DeliveryState.SENT


@pytest.mark.usefixtures("in_acme")
def test_reply_that_came_back_after_it_was_sent_is_failed(pigeons: Pigeons, acme: Workspace, ben: Member) -> None:
    (delivery,) = sent(acme, "one")
    outbox.deliver_due()
    by: dict[str, Any] = {"by": ben.actor, "at": clock.now()}
    actions.mark_failed(delivery=delivery, code="bounced", reason="The mailbox is full.", **by)
    assert states() == [("failed", "failed")]


# --- Crashes and races ----------------------------------------------------------------------------


@pytest.mark.usefixtures("in_acme")
@pytest.mark.parametrize(("knows", "again"), [(True, False), (False, True), (None, True)])
def test_after_a_crash_the_channel_is_asked_whether_it_was_taken(
    pigeons: Pigeons, acme: Workspace, knows: bool | None, again: bool
) -> None:
    (delivery,) = sent(acme, "one")
    (taken,) = leases.taken(DeliveryState.SENDING, seconds=leases.LEASE)
    assert leases.handed(taken)  # and then its worker died
    outbox.deliver_due()
    assert pigeons.carried == [], "it is another worker's"
    make_due()
    pigeons.knows = knows
    outbox.deliver_due()
    assert pigeons.carried == ["one"] * again
    assert now(delivery).state == DeliveryState.SENT


@pytest.mark.usefixtures("in_acme")
def test_channel_is_not_asked_about_what_was_never_handed_over_or_certainly_refused(
    pigeons: Pigeons, acme: Workspace
) -> None:
    pigeons.knows = True
    pigeons.answers = {"one": PASSES}
    sent(acme, "one")
    leases.taken(DeliveryState.SENDING, seconds=leases.LEASE)
    for _ in range(2):
        make_due()
        outbox.deliver_due()
    assert pigeons.carried == ["one", "one"]
    pigeons.answers = {"one": NotSent("lost", "No answer came.", is_permanent=False, is_uncertain=True)}
    for _ in range(2):
        make_due()
        outbox.deliver_due()
    assert pigeons.carried == ["one", "one", "one"]
    assert states() == [("sent", "delivered")]


@pytest.mark.usefixtures("in_acme")
def test_worker_whose_lease_is_over_does_not_hand_over(pigeons: Pigeons, acme: Workspace) -> None:
    sent(acme, "one")
    (mine,) = leases.taken(DeliveryState.SENDING, seconds=leases.LEASE)
    make_due()
    assert not leases.handed(mine), "its lease is over"
    (theirs,) = leases.taken(DeliveryState.SENDING, seconds=leases.LEASE)
    assert not leases.handed(mine)
    assert leases.handed(theirs)
    actions.mark_sent(delivery=theirs, by=Actor.system(acme.pk), at=clock.now())
    assert not leases.handed(theirs)


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_hand_over_each_reply_once(pigeons: Pigeons, acme: Workspace) -> None:
    texts = [str(n) for n in range(120)]
    sent(acme, *texts)
    at_once(lambda n: outbox.deliver_due(), times=4)
    assert sorted(pigeons.carried, key=int) == texts
    assert states() == [("sent", "delivered")] * len(texts)


@pytest.mark.django_db(transaction=True)
def test_reply_that_is_taken_back_as_it_leaves_does_one_or_the_other(acme: Workspace, ben: Member) -> None:
    for _ in range(8):
        with tenancy.scope(acme):
            conversation = by_mail(acme)
            delivery = scheduled(conversation, ben)

        def act(n: int, delivery: Delivery = delivery) -> object:
            with tenancy.scope(acme):
                if n == 0:
                    return leave()
                try:
                    return actions.cancel(delivery=delivery, by=ben.actor, at=clock.now())
                except Conflict as error:
                    return error.code

        _, cancelled = at_once(act, times=2)
        messages = Message.all_workspaces.filter(public_id=delivery.public_id).count()
        state = Delivery.all_workspaces.get(pk=delivery.pk).state
        assert (messages, state) == ((1, "sending") if cancelled == "left_already" else (0, "cancelled"))


@pytest.mark.django_db(transaction=True)
def test_replies_leave_once_for_workers_at_the_same_time(acme: Workspace, ben: Member) -> None:
    with tenancy.scope(acme):
        for number in range(40):
            scheduled(by_mail(acme), ben, f"Reply {number}.")
    make_due()
    at_once(lambda n: outbox.leave_due(), times=4)
    bodies = Message.all_workspaces.filter(body__startswith="Reply ").values_list("body", flat=True)
    assert sorted(bodies) == sorted(f"Reply {number}." for number in range(40))


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server(settings) as found:
        yield found


@pytest.mark.django_db(transaction=True)
def test_worker_that_is_killed_half_way_loses_nothing_and_repeats_only_what_was_on_its_way(
    server: MailServer, acme: Workspace
) -> None:
    with tenancy.scope(acme):
        for number in range(5):
            reply(by_mail(acme), f"Reply {number}.")
    server.hold_at = 2
    process = subprocess.Popen(
        [sys.executable, "-c", SENDER],
        cwd=ROOT,
        env=os.environ | {"LIVE_DATABASE": str(connection.settings_dict["NAME"]), "MAIL_PORT": str(server.port)},
    )
    try:
        assert server.held.wait(DEADLINE), "the third mail did not come"
    finally:
        process.kill()
        process.wait(DEADLINE)
    assert [state for state, _ in states()] == ["sent", "sent", "sending", "sending", "sending"]
    handed = [row.handed_at is not None for row in Delivery.all_workspaces.order_by("pk")]
    assert handed == [True, True, True, False, False]
    server.hold_at = None
    outbox.deliver_due()
    assert len(server.taken) == 2, "the killed worker's lease is not over"
    make_due()
    outbox.deliver_due()
    ids = [mail["Message-ID"].strip("<>").partition("@")[0] for _, mail in server.taken]
    expected = Message.all_workspaces.filter(body__startswith="Reply ").order_by("pk")
    assert ids == [str(message.public_id) for message in expected]
    assert states() == [("sent", "delivered")] * 5


@pytest.mark.usefixtures("in_acme")
def test_refused_address_fails_its_mail_alone(server: MailServer, acme: Workspace) -> None:
    refused, other = by_mail(acme), by_mail(acme)
    server.refused = {refused.contact.email}
    reply(refused), reply(other)
    outbox.deliver_due()
    assert server.recipients == [other.contact.email]
    assert states() == [("failed", "failed"), ("sent", "delivered")]
    assert Delivery.objects.get(state="failed").reason == "This address does not exist."
    assert server.connections == 2, "a connection after a failure is a new one"


@pytest.mark.usefixtures("in_acme")
def test_mail_server_that_is_away_is_tried_again(settings: Any, acme: Workspace) -> None:
    with mail_server(settings) as server:
        port = server.port
    conversation = by_mail(acme)
    reply(conversation)
    outbox.deliver_due()
    assert states() == [("sending", "sending")]
    make_due()
    with mail_server(settings, port) as server:
        outbox.deliver_due()
        assert server.recipients == [conversation.contact.email]
    assert states() == [("sent", "delivered")]
