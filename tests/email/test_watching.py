"""A worker waits at each mailbox for new mail, notices connections that die, and leaves a mailbox to another when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations.channels.email import actions, watching
from conversations.models import InboundMail, Mailbox, MailboxState, MailState, Message
from tests.conftest import Member
from tests.email.conftest import Post
from tests.runtime.machine import eventually

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def watchers(monkeypatch: pytest.MonkeyPatch) -> Iterator[watching.Watchers]:
    monkeypatch.setattr(watching, "PAUSES", (0.05,))
    found = watching.Watchers()
    yield found
    found.end()
    connections.close_all()


@pytest.fixture
def open_acme(acme: Workspace) -> Iterator[None]:
    with tenancy.scope(acme):
        yield


def bodies() -> list[str | None]:
    return [message.body for message in Message.objects.order_by("pk")]


def now_of(post: Post) -> Mailbox:
    return Mailbox.objects.get(pk=post.mailbox.pk)


@pytest.mark.usefixtures("open_acme")
def test_mail_comes_in_while_a_worker_waits_and_after_its_connection_was_killed(
    post: Post, watchers: watching.Watchers
) -> None:
    post.deliver(post.letter("Before."))
    watchers.look()
    eventually(lambda: bodies() == ["Before."], "the mail that was there")
    eventually(lambda: now_of(post).read_at is not None, "the note of success")
    post.deliver(post.letter("While it waits."))
    eventually(lambda: len(bodies()) == 2, "the mail that is announced")
    post.dovecot.kill_sessions()
    post.deliver(post.letter("After the end."))
    eventually(lambda: len(bodies()) == 3, "the mail after the connection was killed")
    eventually(lambda: now_of(post).failing_since is None, "the note of success")


@pytest.mark.usefixtures("open_acme")
def test_two_workers_read_a_mailbox_once_and_the_second_goes_on_when_the_first_ends(
    post: Post, watchers: watching.Watchers
) -> None:
    second = watching.Watchers()
    try:
        watchers.look()
        eventually(lambda: now_of(post).read_at is not None, "the first look")
        second.look()
        assert not second.threads
        watchers.end()
        assert now_of(post).leased_until is None
        post.deliver(post.letter("To the second."))
        second.look()
        eventually(lambda: bodies() == ["To the second."], "the second worker")
    finally:
        second.end()


@pytest.mark.usefixtures("open_acme")
def test_mailbox_of_a_worker_that_was_killed_is_read_by_another(post: Post, watchers: watching.Watchers) -> None:
    Mailbox.objects.update(leased_until=clock.now() - timedelta(seconds=1))
    post.deliver(post.letter("Left."))
    watchers.look()
    eventually(lambda: bodies() == ["Left."], "the mail")


@pytest.mark.usefixtures("open_acme")
def test_refused_login_is_noted_and_left_to_people(post: Post, ada: Member, watchers: watching.Watchers) -> None:
    mailbox = now_of(post)
    mailbox.secrets = {"imap_password": "wrong"}
    mailbox.save()
    watchers.look()
    eventually(lambda: now_of(post).state == MailboxState.DISCONNECTED, "the refusal")
    assert now_of(post).failure
    actions.set_login(mailbox=mailbox, imap=_access(post), by=ada.actor, at=clock.now())
    post.deliver(post.letter("At last."))
    watchers.look()
    eventually(lambda: bodies() == ["At last."], "the mail after the password was mended")


@pytest.mark.usefixtures("open_acme")
def test_pausing_a_mailbox_stops_the_worker(
    post: Post, ada: Member, watchers: watching.Watchers, monkeypatch: Any
) -> None:
    monkeypatch.setattr(watching, "WAIT", 0.2)
    watchers.look()
    eventually(lambda: now_of(post).read_at is not None, "the first look")
    actions.pause_mailbox(mailbox=now_of(post), by=ada.actor, at=clock.now())
    eventually(lambda: not any(thread.is_alive() for thread in watchers.threads.values()), "the end")
    assert now_of(post).leased_until is None


@pytest.mark.usefixtures("open_acme")
def test_mails_of_the_last_days_are_fetched_on_request(post: Post, ada: Member, watchers: watching.Watchers) -> None:
    Mailbox.objects.update(created_at=clock.now() + timedelta(days=1))  # all that is there is from before it
    for number in range(25):
        post.deliver(post.letter(f"Earlier {number}."))
    watchers.look()
    eventually(lambda: now_of(post).read_at is not None, "the first look")
    assert bodies() == []
    actions.request_backfill(mailbox=now_of(post), days=3, by=ada.actor, at=clock.now())
    watchers.end()
    again = watching.Watchers()
    try:
        again.look()
        eventually(lambda: now_of(post).backfill_days is None, "the end of it")
    finally:
        again.end()
    assert len(bodies()) == 25
    assert (now_of(post).backfill_done, now_of(post).backfill_total) == (25, 25)
    assert not InboundMail.objects.exclude(state=MailState.READ).exists()


def _access(post: Post) -> Any:
    from conversations.channels.email.wire.endpoints import parse_imap

    return parse_imap(post.dovecot.imap_url(post.user))
