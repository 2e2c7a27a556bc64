"""What is known of mailboxes: who is behind, who fails, and where that is read: command, doctor, readiness and metrics."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from config import doctor
from config.doctor import State
from conversations.channels.email import actions, health
from conversations.models import Inbound, InboundMail, Mailbox
from tests.commands.test_operator_commands import refused, run
from tests.factories import MailboxFactory

pytestmark = pytest.mark.django_db
LONG = timedelta(minutes=40)


def changed(mailbox: Mailbox, **values: Any) -> Mailbox:
    """As a worker leaves it."""
    Mailbox.objects.filter(pk=mailbox.pk).update(**values)
    return Mailbox.objects.get(pk=mailbox.pk)


def mail(mailbox: Mailbox, state: str, code: str = "") -> InboundMail:
    return InboundMail.objects.create(
        mailbox=mailbox, source="imap", raw="none", size=1, digest="0" * 64, state=state, code=code
    )


def trouble(mailbox: Mailbox) -> str:
    return health.of_mailbox(mailbox, clock.now()).trouble


def test_mailbox_that_is_read_is_without_trouble(in_acme: Workspace) -> None:
    at = clock.now()
    mailbox = changed(MailboxFactory(workspace=in_acme), read_at=at - timedelta(seconds=20), last_uid=7, next_uid=12)
    found = health.of_mailbox(mailbox, at)
    assert (found.trouble, found.state, found.seconds_since_success, found.uid_lag) == ("", "active", 20, 4)


@pytest.mark.parametrize("minutes", [14, 16])
def test_failure_is_trouble_after_a_quarter_of_an_hour(in_acme: Workspace, minutes: int) -> None:
    at = clock.now()
    since = at - timedelta(minutes=minutes)
    mailbox = changed(MailboxFactory(workspace=in_acme), read_at=since, failing_since=since, failure="It is away.")
    if minutes < 15:
        assert trouble(mailbox) == ""
    else:
        assert trouble(mailbox) == f"It has failed for {minutes} minutes. It is away."
        assert health.of_mailbox(mailbox, at).state == "failing"


def test_mailbox_that_no_worker_reads_is_trouble(in_acme: Workspace) -> None:
    at = clock.now()
    never = changed(MailboxFactory(workspace=in_acme), updated_at=at - LONG)
    no_more = changed(MailboxFactory(workspace=in_acme), read_at=at - LONG)
    assert trouble(never) == trouble(no_more) == "No worker has read it for 40 minutes."
    posted = changed(MailboxFactory(workspace=in_acme, inbound=Inbound.DOOR), updated_at=at - LONG)
    assert trouble(posted) == ""


def test_login_that_is_refused_is_trouble_at_once_and_a_pause_is_none(in_acme: Workspace) -> None:
    act = {"by": Actor.system(in_acme.pk), "at": clock.now()}
    mailbox = actions.mark_disconnected(mailbox=MailboxFactory(workspace=in_acme), reason="No.", **act)
    assert trouble(mailbox) == "It has to be reconnected. No."
    paused = actions.pause_mailbox(mailbox=mailbox, **act)
    assert trouble(changed(paused, read_at=clock.now() - LONG)) == ""


def test_secrets_that_cannot_be_decrypted_are_trouble(in_acme: Workspace, settings: Any) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    settings.CHANNEL_SECRETS_KEYS = ["another key"]
    assert trouble(mailbox).startswith("Its password cannot be decrypted")


def test_counts_are_of_the_mailbox_alone(in_acme: Workspace) -> None:
    first, second = MailboxFactory(workspace=in_acme), MailboxFactory(workspace=in_acme)
    for state, code in [
        ("quarantined", "broken"),
        ("quarantined", ""),
        ("ignored", "loop"),
        ("ignored", "loop"),
        ("ignored", "bounce"),
        ("read", ""),
    ]:
        mail(first, state, code)
    assert [one.quarantined for one in health.of_workspace(clock.now())] == [2, 0]
    assert health.ignored(first, clock.now()) == [("loop", 2), ("bounce", 1)]
    assert health.ignored(second, clock.now()) == []


def test_list_asks_as_often_for_one_mailbox_as_for_many(in_acme: Workspace, django_assert_num_queries: Any) -> None:
    for _ in range(2):
        MailboxFactory(workspace=in_acme)
        with django_assert_num_queries(1):
            health.of_workspace(clock.now())


def test_mail_health_prints_one_document_without_secrets(in_acme: Workspace, globex: Workspace) -> None:
    mailbox = changed(
        MailboxFactory(workspace=in_acme, address="help@acme.example"), read_at=clock.now(), last_uid=3, next_uid=4
    )
    MailboxFactory(workspace=globex)
    mail(mailbox, "quarantined")
    mail(mailbox, "ignored", "loop")
    actions.request_backfill(mailbox=mailbox, days=9, by=Actor.system(in_acme.pk), at=clock.now())
    actions.suppress(workspace=in_acme, address="a@b.example", reason="x", by=Actor.system(in_acme.pk), at=clock.now())
    line = run("mail_health", "--workspace", "acme", "--json")
    whole = json.loads(line)
    (one,) = whole["mailboxes"]
    assert (whole["workspace"], whole["suppressed"]) == ("acme", 1)
    assert (one["address"], one["state"], one["trouble"]) == ("help@acme.example", "active", None)
    assert (one["uid_lag"], one["last_uid"], one["quarantined"], one["ignored"]) == (0, 3, 1, {"loop": 1})
    assert one["backfill"] == {"days": 9, "done": 0, "total": None}
    assert "hush" not in line


def test_mail_health_is_a_line_for_people(in_acme: Workspace) -> None:
    MailboxFactory(workspace=in_acme, address="help@acme.example")
    assert run("mail_health", "--workspace", "acme") == "active       help@acme.example"


def test_doctor_names_the_mailbox_of_which_mail_may_be_missed(in_acme: Workspace) -> None:
    fine = MailboxFactory(workspace=in_acme, address="fine@acme.example")
    (line,) = [line for line in doctor.examine() if line.part == "mailboxes"]
    assert (line.state, line.text) == (State.OK, "1 without trouble")
    actions.mark_disconnected(mailbox=fine, reason="No.", by=Actor.system(in_acme.pk), at=clock.now())
    mail(fine, "quarantined")
    lines = [line for line in doctor.examine() if line.part == "mailboxes"]
    assert [line.state for line in lines] == [State.BROKEN, State.ADVICE]
    assert lines[0].text == "fine@acme.example (acme): It has to be reconnected. No."


def test_readiness_shows_it_and_stays_as_it_was(in_acme: Workspace) -> None:
    before = Client().get("/readyz")
    assert before.json()["parts"]["mailboxes"] == "ok"
    mailbox = changed(MailboxFactory(workspace=in_acme, address="help@acme.example"), read_at=clock.now() - LONG)
    after = Client().get("/readyz")
    assert after.json()["parts"]["mailboxes"] == f"trouble with {mailbox.public_id}"
    assert (after.status_code, after.json().get("sick")) == (before.status_code, before.json().get("sick"))
    assert "help@" not in after.content.decode()


def test_metrics_name_mailboxes_by_their_public_ids(in_acme: Workspace, globex: Workspace, settings: Any) -> None:
    settings.METRICS_TOKEN = "token"
    at = clock.now()
    late = changed(MailboxFactory(workspace=in_acme), read_at=at - LONG, last_uid=1, next_uid=5)
    other = MailboxFactory(workspace=globex, inbound=Inbound.DOOR)
    mail(late, "quarantined")
    text = Client().get("/metrics", headers={"authorization": "Bearer token"}).content.decode()
    assert f'parley_mailbox_lag_mails{{mailbox="{late.public_id}"}} 3.0' in text
    assert f'parley_mailbox_quarantined{{mailbox="{late.public_id}"}} 1.0' in text
    assert f'parley_mailbox_trouble{{mailbox="{late.public_id}"}} 1.0' in text
    assert f'parley_mailbox_trouble{{mailbox="{other.public_id}"}} 0.0' in text
    assert f'parley_mailbox_success_seconds{{mailbox="{other.public_id}"}}' not in text
    assert "@" not in text


def test_secrets_are_rotated_beside_a_running_desk(in_acme: Workspace, globex: Workspace, settings: Any) -> None:
    boxes = [
        MailboxFactory(workspace=in_acme),
        MailboxFactory(workspace=globex),
        MailboxFactory(workspace=in_acme, inbound=Inbound.DOOR),
    ]
    settings.CHANNEL_SECRETS_KEYS = ["a new key", *settings.CHANNEL_SECRETS_KEYS]
    assert run("rotate_channel_secrets") == "2"
    settings.CHANNEL_SECRETS_KEYS = ["a new key"]
    found = {box.pk: box.secrets.get("imap_password") for box in Mailbox.all_workspaces.all()}
    assert found == {boxes[0].pk: "hush hush", boxes[1].pk: "hush hush", boxes[2].pk: None}


def test_rotation_names_what_no_key_opens_and_does_the_rest(in_acme: Workspace, settings: Any) -> None:
    MailboxFactory(workspace=in_acme, address="lost@acme.example")
    settings.CHANNEL_SECRETS_KEYS = ["a new key"]
    MailboxFactory(workspace=in_acme, address="kept@acme.example")
    line = refused("rotate_channel_secrets")
    assert "lost@acme.example (acme); 1 others" in line
    assert "kept@acme.example" not in line
