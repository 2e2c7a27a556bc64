"""Mails wait in a table, and are sent by a real SMTP connection: each at least once, and none for what was undone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from smtplib import SMTP
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import mailing, tenancy
from accounts.mailing import Kind
from accounts.models import QueuedMail, Workspace
from tests.concurrency import at_once
from tests.mail_server import MailServer, mail_server
from tests.runtime.machine import DEADLINE, ROOT

pytestmark = pytest.mark.django_db

SENDER = """
import os, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["LIVE_DATABASE"]
settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", int(os.environ["MAIL_PORT"]), False
from tests.accounts import test_mailing
from accounts import mailing
test_mailing.numbers()
mailing.send_due()
"""


def numbers(given_up: list[int] | None = None) -> Kind:
    """A kind of mails to n@example.com, whose subject is the workspace; those to negative numbers cannot be composed."""

    def compose(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
        if any(row.about["n"] < 0 for row in rows):
            raise LookupError("no such number")
        subject = tenancy.current().name
        return {row.pk: EmailMessage(subject, to=[f"{row.about['n']}@example.com"]) for row in rows if row.about["n"]}

    noted = given_up if given_up is not None else []
    return mailing.kind("number", given_up=lambda row: noted.append(row.about["n"]))(compose)


@pytest.fixture
def given_up() -> list[int]:
    return []


@pytest.fixture
def kind(given_up: list[int]) -> Iterator[Kind]:
    yield numbers(given_up)
    del mailing._kinds["number"]


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server(settings) as found:
        yield found


def queue(kind: Kind, workspace: Workspace, *ns: int) -> None:
    with tenancy.scope(workspace):
        kind.queue(*({"n": n} for n in ns))


def waiting() -> list[int]:
    return [row.about["n"] for row in QueuedMail.all_workspaces.order_by("pk")]


def make_due() -> None:
    """The pauses and the leases are over."""
    QueuedMail.all_workspaces.update(due_at=timezone.now() - timedelta(hours=1))


def to(*ns: int) -> list[str]:
    return [f"{n}@example.com" for n in ns]


def test_batch_goes_over_one_connection_in_order_each_in_its_workspace(
    kind: Kind, server: MailServer, acme: Workspace, globex: Workspace
) -> None:
    queue(kind, acme, 1, 2)
    queue(kind, globex, 3)
    queue(kind, acme, 4)
    mailing.send_due()
    assert server.recipients == to(1, 2, 4, 3)
    assert [mail["Subject"] for _, mail in server.taken] == ["Acme", "Acme", "Acme", "Globex"]
    assert server.connections == 1
    assert waiting() == []


def test_more_than_a_batch_is_sent_at_once(kind: Kind, server: MailServer, acme: Workspace) -> None:
    count = mailing.BATCH * 2 + 1
    queue(kind, acme, *range(1, count + 1))
    mailing.send_due()
    assert server.recipients == to(*range(1, count + 1))


def test_nothing_is_asked_of_the_mail_server_where_nothing_waits_or_nobody_is_to_get_it(
    kind: Kind, server: MailServer, acme: Workspace
) -> None:
    mailing.send_due()
    queue(kind, acme, 0)
    mailing.send_due()
    assert server.connections == 0
    assert waiting() == []


def test_refused_address_stops_and_repeats_none_of_the_others(
    kind: Kind, server: MailServer, acme: Workspace, given_up: list[int]
) -> None:
    server.refused = {"2@example.com"}
    queue(kind, acme, 1, 2, 3)
    for _ in range(3):
        mailing.send_due()
    assert server.recipients == to(1, 3)
    row = QueuedMail.all_workspaces.get()
    assert (row.about, row.attempts, row.last_error) == ({"n": 2}, 1, "SMTPRecipientsRefused")
    assert row.due_at > timezone.now()
    server.refused = set()
    make_due()
    mailing.send_due()
    assert server.recipients == to(1, 3, 2)
    assert given_up == waiting() == []


def test_mail_that_is_refused_again_and_again_is_given_up(
    kind: Kind, server: MailServer, acme: Workspace, given_up: list[int]
) -> None:
    server.refused = {"2@example.com"}
    queue(kind, acme, 2)
    for _ in range(mailing.ATTEMPTS):
        assert (waiting(), given_up) == ([2], [])
        mailing.send_due()
        make_due()
    assert (waiting(), given_up, server.recipients) == ([], [2], [])


def test_mail_that_cannot_be_composed_stops_none_of_the_others(kind: Kind, server: MailServer, acme: Workspace) -> None:
    queue(kind, acme, 1, -2, 3)
    mailing.send_due()
    assert server.recipients == to(1, 3)
    assert waiting() == [-2]
    assert QueuedMail.all_workspaces.get().last_error == "LookupError"


def test_mail_of_a_kind_that_this_version_does_not_know_waits(server: MailServer, acme: Workspace) -> None:
    QueuedMail.all_workspaces.create(workspace=acme, kind="tomorrows", about={"n": 1})
    mailing.send_due()
    assert waiting() == [1]


def test_server_that_is_away_is_asked_once_for_a_batch_and_all_of_it_is_sent_later(
    kind: Kind, settings: Any, acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server(settings) as server:
        port = server.port
    asked: list[int] = []
    connect = SMTP.connect

    def noted(*args: Any, **more: Any) -> Any:
        asked.append(1)
        return connect(*args, **more)

    monkeypatch.setattr(SMTP, "connect", noted)
    queue(kind, acme, 1, 2, 3)
    mailing.send_due()
    assert asked == [1]
    assert waiting() == [1, 2, 3]
    make_due()
    with mail_server(settings, port) as server:
        mailing.send_due()
        assert server.recipients == to(1, 2, 3)


def test_server_that_is_away_for_long_loses_no_mail_and_then_may_still_refuse_it_for_a_while(
    kind: Kind, settings: Any, acme: Workspace, given_up: list[int]
) -> None:
    with mail_server(settings) as server:
        port = server.port
    queue(kind, acme, 1)
    for _ in range(mailing.ATTEMPTS + 4):
        make_due()
        mailing.send_due()
    row = QueuedMail.all_workspaces.get()
    assert (row.last_error.partition(" ")[0], given_up) == ("away:", [])
    assert row.due_at <= timezone.now() + timedelta(seconds=mailing.LONGEST_PAUSE_AWAY)
    with mail_server(settings, port) as server:
        server.refused = {"1@example.com"}
        make_due()
        mailing.send_due()
        assert QueuedMail.all_workspaces.get().attempts == 1
        server.refused = set()
        make_due()
        mailing.send_due()
        assert server.recipients == to(1)


def test_attempts_of_a_mail_have_one_message_id(kind: Kind, acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def send(line: mailing.Line, mail: EmailMessage | None) -> Exception | None:
        assert mail is not None
        seen.append(str(mail.message()["Message-ID"]))
        return OSError("the answer was lost") if len(seen) == 1 else None

    monkeypatch.setattr(mailing.Line, "send", send)
    queue(kind, acme, 1)
    mailing.send_due()
    make_due()
    mailing.send_due()
    queue(kind, acme, 1)
    mailing.send_due()
    assert (seen[0] == seen[1], seen[1] == seen[2]) == (True, False)


def test_mail_that_says_all_is_queued_once_unless_it_is_being_sent(kind: Kind, acme: Workspace) -> None:
    with tenancy.scope(acme):
        now = timezone.now()
        for minutes in (5, 9, 7):
            mailing.queue_once(kind.name, ({"n": 1}, now + timedelta(minutes=minutes)))
        later = now + timedelta(minutes=9)
        mailing.queue_once(kind.name, ({"n": 1}, later), ({"n": 2}, later))
        assert sorted(waiting()) == [1, 2]
        mailing.queue_once(kind.name, ({"n": 1}, now))
        assert sorted(waiting()) == [1, 1, 2], "one that is due earlier does not wait for it"
        QueuedMail.objects.update(attempts=1)
        mailing.queue_once(kind.name, ({"n": 2}, later))
        assert sorted(waiting()) == [1, 1, 2, 2]


def test_mail_that_says_all_is_looked_up_by_what_it_is_about(kind: Kind, acme: Workspace) -> None:
    queue(kind, acme, *range(2000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_queuedmail")
    with tenancy.scope(acme), CaptureQueriesContext(connection) as asked:
        mailing.queue_once(kind.name, ({"n": 1}, timezone.now()))
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + asked.captured_queries[0]["sql"])
        assert "mail_untried" in "\n".join(row[0] for row in cursor.fetchall())


def test_batch_that_takes_too_long_is_put_back_as_if_it_had_not_been_taken(
    kind: Kind, server: MailServer, acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(kind, acme, 1, 2)
    monkeypatch.setattr(mailing, "BEGIN_WITHIN", -1.0)
    mailing.send_due()
    assert list(QueuedMail.all_workspaces.values_list("attempts", flat=True)) == [0, 0]
    monkeypatch.undo()
    mailing.send_due()
    assert server.recipients == to(1, 2)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_for_a_transaction_that_was_rolled_back(
    kind: Kind, server: MailServer, acme: Workspace
) -> None:
    @transaction.atomic
    def fail() -> None:
        queue(kind, acme, 1)
        raise OSError("the rest failed")

    with pytest.raises(OSError, match="the rest failed"):
        fail()
    mailing.send_due()
    assert server.connections == 0


@pytest.mark.django_db(transaction=True)
def test_sender_is_called_when_the_mail_is_committed(kind: Kind, acme: Workspace) -> None:
    rung: list[int] = []
    with mailing.BELL.answered_by(lambda: rung.append(1)):
        with transaction.atomic():
            queue(kind, acme, 1)
            assert rung == []
        assert rung == [1]
    with transaction.atomic():
        queue(kind, acme, 2)
    assert rung == [1]


@pytest.mark.django_db(transaction=True)
def test_senders_at_the_same_time_send_each_mail_once(kind: Kind, server: MailServer, acme: Workspace) -> None:
    queue(kind, acme, *range(1, 201))
    at_once(lambda n: mailing.send_due(), times=4)
    assert sorted(server.recipients) == sorted(to(*range(1, 201)))
    assert waiting() == []


@pytest.mark.django_db(transaction=True)
def test_sender_that_is_killed_in_the_middle_of_a_batch_repeats_only_the_mail_that_was_on_its_way(
    kind: Kind, server: MailServer, acme: Workspace
) -> None:
    queue(kind, acme, 1, 2, 3, 4, 5)
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
    assert server.recipients == to(1, 2)
    assert waiting() == [3, 4, 5]
    server.hold_at = None
    mailing.send_due()
    assert server.recipients == to(1, 2), "the killed sender's lease is not over"
    make_due()
    mailing.send_due()
    assert server.recipients == to(1, 2, 3, 4, 5)
    assert waiting() == []


def test_no_two_kinds_have_the_same_name(kind: Kind) -> None:
    with pytest.raises(ValueError, match="two kinds of mails are named number"):
        numbers()
