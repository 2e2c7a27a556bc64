"""Delivering a mail from a pipe, and fetching by hand: what operators and mail servers call."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError

from accounts.models import Workspace
from conversations.channels.email import receiving, storing
from conversations.models import Conversation, InboundMail, Message
from tests.email.conftest import Post
from tests.email.letters import letter
from tests.factories import MailboxFactory

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture(autouse=True)
def mailbox(acme: Workspace) -> None:
    MailboxFactory(workspace=acme, address="support@acme.example", aliases=["help@acme.example"])


def deliver(monkeypatch: pytest.MonkeyPatch, raw: bytes, address: str = "support@acme.example") -> dict[str, Any]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    printed = io.StringIO()
    call_command("deliver_mail", workspace="acme", address=address, stdout=printed)
    found: dict[str, Any] = json.loads(printed.getvalue().splitlines()[-1])
    return found


@pytest.mark.parametrize("address", ["support@acme.example", "HELP@acme.example", "support+anything@acme.example"])
def test_mail_from_a_pipe_is_delivered_to_an_address_an_alias_and_what_is_behind_a_plus(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    found = deliver(monkeypatch, letter(message_id="<one@example.com>"), address)
    assert found == {"conversation": Conversation.objects.get().number, "joined_by": "new"}
    again = deliver(monkeypatch, letter("More.", In_Reply_To="<one@example.com>"))
    assert again == {**found, "joined_by": "references"}


def test_what_is_set_aside_or_ignored_is_printed_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    assert deliver(monkeypatch, b"") == {"conversation": None, "joined_by": "quarantined"}
    own = letter(sender="support@acme.example")
    assert deliver(monkeypatch, own) == {"conversation": None, "joined_by": "ignored"}


def test_unknown_address_is_refused_for_good_and_a_desk_that_is_away_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError) as refused:
        deliver(monkeypatch, letter(), "nobody@acme.example")
    assert refused.value.returncode == 67

    def away(**values: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(storing, "keep", away)
    with pytest.raises(CommandError) as later:
        deliver(monkeypatch, letter())
    assert later.value.returncode == 75
    assert not InboundMail.objects.exists()


def test_mail_larger_than_is_kept_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "LARGEST", 20_000)
    monkeypatch.setattr(receiving, "BEGINNING", 2_000)
    deliver(monkeypatch, letter("x\n" * 20_000))
    mail = InboundMail.objects.get()
    assert (mail.is_cut, mail.state) == (True, "read")
    assert "larger than 25 MB" in mail.problems[0]
    assert len(Message.objects.get().body or "") < 3_000


def test_fetching_by_hand_prints_how_many_mails_came_in(post: Post) -> None:
    post.deliver(letter("One.", to=post.mailbox.address), letter("Two.", to=post.mailbox.address))
    for wanted in ("2", "0"):
        printed = io.StringIO()
        call_command("fetch_mail", post.mailbox.address, days=3, stdout=printed)
        assert printed.getvalue().split() == [wanted]
    post.mailbox.secrets = {"imap_password": "wrong"}
    post.mailbox.save()
    with pytest.raises(CommandError, match="password"):
        call_command("fetch_mail", post.mailbox.address)
