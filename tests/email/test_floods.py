"""A flood of one sender: it is set aside with its reason, others are not concerned, and nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.channels.email import actions, health, receiving
from conversations.models import InboundMail, Mailbox, MailSource, MailState
from tests.email.letters import letter
from tests.factories import MailboxFactory

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def mailbox(acme: Workspace, settings: Any) -> Mailbox:
    settings.MAIL_FLOOD_LIMIT = 3
    return MailboxFactory(workspace=acme, address="support@acme.example")


def take_in(mailbox: Mailbox, *, sender: str = "eve@example.com", count: int = 1, **how: Any) -> list[InboundMail]:
    source = how.pop("source", MailSource.DOOR)
    return [
        receiving.accept(mailbox=mailbox, raw=letter(f"Mail {number}.", sender=sender), source=source, **how)
        for number in range(count)
    ]


def test_mails_of_one_sender_beyond_the_limit_are_set_aside_with_the_reason(mailbox: Mailbox) -> None:
    mails = take_in(mailbox, count=5)
    assert [mail.state for mail in mails] == [MailState.READ] * 3 + [MailState.QUARANTINED] * 2
    assert mails[-1].code == "flood"
    assert "more than 3 mails" in mails[-1].reason
    assert mails[-1].from_address == "eve@example.com"
    assert take_in(mailbox, sender="ada@example.com")[0].state == MailState.READ
    found = health.as_json(health.of_mailbox(mailbox, clock.now()), clock.now())
    assert (found["quarantined"], found["set_aside"]) == (2, {"flood": 2})


def test_mail_of_a_flood_that_somebody_tries_again_comes_in(mailbox: Mailbox) -> None:
    mail = take_in(mailbox, count=4)[-1]
    mail = actions.retry_mail(mail=mail, by=Actor.system(mailbox.workspace_id), at=clock.now())
    assert receiving.process(mail).state == MailState.READ


def test_mails_that_waited_in_the_mailbox_while_the_desk_was_away_are_no_flood(mailbox: Mailbox) -> None:
    for number in range(8):
        at = clock.now() - timedelta(hours=number)
        mail = take_in(mailbox, source=MailSource.IMAP, uid=100 - number, uid_validity=1, internal_at=at)[0]
        assert mail.state == MailState.READ


def test_backfill_is_no_flood(mailbox: Mailbox) -> None:
    actions.request_backfill(mailbox=mailbox, days=30, by=Actor.system(mailbox.workspace_id), at=clock.now())
    mailbox.refresh_from_db()
    for uid in range(1, 6):
        mail = take_in(mailbox, source=MailSource.IMAP, uid=uid, uid_validity=1)[0]
        assert mail.state == MailState.READ


def test_limit_can_be_lifted(mailbox: Mailbox, settings: Any) -> None:
    settings.MAIL_FLOOD_LIMIT = 0
    assert {mail.state for mail in take_in(mailbox, count=5)} == {MailState.READ}
