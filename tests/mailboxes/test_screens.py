"""Setting up mailboxes in a browser: without script as with it, by those who may, and never with a stored secret on a page."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import clock
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations.channels.email import actions, refusing, servers
from conversations.models import (
    BlockedSender,
    Inbound,
    InboundMail,
    Mailbox,
    MailboxAddress,
    MailboxState,
    SuppressedAddress,
)
from conversations.screens.settings.mailboxes import place
from tests.conftest import Member, member
from tests.factories import MailboxFactory, TeamFactory
from tests.inbox.conftest import HTMX, text_of
from tests.mail_servers.dovecot import Dovecot
from tests.mail_servers.outgoing import Outgoing
from tests.mailboxes.conftest import SECRET, work

pytestmark = pytest.mark.django_db
LIST = "/w/acme/settings/mailboxes"


def page_of(mailbox: Mailbox, part: str = "") -> str:
    return f"{LIST}/{mailbox.public_id}{part}"


def fields(incoming: Dovecot, sending: Outgoing, **more: Any) -> dict[str, Any]:
    """What somebody types for a mailbox that works."""
    return {
        "address": "help@acme.example",
        "name": "Acme",
        "inbound": "imap",
        "imap_host": "127.0.0.1",
        "imap_port": incoming.imap_port,
        "imap_security": "plain",
        "imap_folder": "INBOX",
        "user": "help@acme.example",
        "password": "secret",
        "sending": "own",
        "smtp_host": "127.0.0.1",
        "smtp_port": sending.port,
        "smtp_security": "plain",
        "smtp_user": "",
        "smtp_password": "",
        **more,
    }


def quarantined(mailbox: Mailbox) -> InboundMail:
    mail = InboundMail(
        mailbox=mailbox, workspace=mailbox.workspace, source="imap", size=9, digest="0" * 64, state="quarantined",
        code="unreadable", reason="Its parts are nested too deeply.", subject="A <b>lamp</b>",
    )  # fmt: skip
    mail.raw.save("x.eml", ContentFile(b"From: <script>\r\n\r\nHello"), save=True)
    return mail


# --- The list -----------------------------------------------------------------------------------


def test_first_visit_says_what_a_mailbox_is_for(admin: Client) -> None:
    text = text_of(admin.get(LIST).content)
    assert "No mailboxes" in text
    assert "Add mailbox" in text


def test_list_shows_state_lag_and_what_is_wrong(admin: Client, in_acme: Workspace) -> None:
    fine = MailboxFactory(workspace=in_acme, address="fine@acme.example")
    Mailbox.objects.filter(pk=fine.pk).update(read_at=clock.now(), next_uid=9, last_uid=5)
    bad = MailboxFactory(workspace=in_acme, address="bad@acme.example")
    actions.mark_disconnected(mailbox=bad, reason="No such password.", by=Actor.system(in_acme.pk), at=clock.now())
    quarantined(fine)
    text = text_of(admin.get(LIST).content)
    for part in (
        "fine@acme.example Default",
        "3 mails behind",
        "1 in quarantine",
        "It has to be reconnected. No such password.",
    ):
        assert part in text


def test_settings_lead_to_each_channel_that_can_be_set_up(admin: Client) -> None:
    page = admin.get("/w/acme/settings").content.decode()
    assert f'href="{LIST}"' in page


# --- Adding -------------------------------------------------------------------------------------


def test_servers_of_a_known_provider_are_filled_in(admin: Client) -> None:
    page = admin.get(f"{LIST}/add", {"address": "someone@gmail.com"}).content.decode()
    assert 'value="imap.gmail.com"' in page
    assert 'value="smtp.gmail.com"' in page
    assert 'value="imap.shop.example"' in admin.get(f"{LIST}/add", {"address": "a@shop.example"}).content.decode()


def test_what_is_no_address_is_asked_again(admin: Client) -> None:
    assert "This is not an email address." in text_of(admin.get(f"{LIST}/add", {"address": "nobody"}).content)


def test_mailbox_is_tested_and_added_with_script(
    admin: Client, in_acme: Workspace, incoming: Dovecot, sending: Outgoing
) -> None:
    typed = fields(incoming, sending)
    begun = admin.post(f"{LIST}/test", typed, headers=HTMX)
    assert "Testing the connection" in text_of(begun.content)
    name = work()
    found = text_of(admin.get(f"{LIST}/tests/{name}", headers=HTMX).content)
    assert "Fetching works." in found
    assert "Sending works." in found
    answer = admin.post(f"{LIST}/add", {**typed, "trial": name})
    mailbox = Mailbox.objects.get()
    assert answer["Location"] == page_of(mailbox)
    assert (mailbox.address, mailbox.name, mailbox.is_default) == ("help@acme.example", "Acme", True)
    assert mailbox.imap == {"host": "127.0.0.1", "port": incoming.imap_port, "security": "plain", "user": "help@acme.example", "folder": "INBOX"}  # fmt: skip
    assert mailbox.secrets == {"imap_password": "secret", "smtp_password": "secret"}


def test_mailbox_is_tested_and_added_without_script(
    admin: Client, in_acme: Workspace, incoming: Dovecot, sending: Outgoing
) -> None:
    begun = admin.post(f"{LIST}/test", fields(incoming, sending))
    page = admin.get(begun["Location"].partition("#")[0])
    assert b'http-equiv="refresh"' in page.content
    name = work()
    page = admin.get(begun["Location"].partition("#")[0])
    assert b'http-equiv="refresh"' not in page.content
    assert "Fetching works." in text_of(page.content)
    assert b'value="127.0.0.1"' in page.content
    assert b"secret" not in page.content
    # The password was typed before the test; the page that came back does not have it.
    admin.post(f"{LIST}/add", fields(incoming, sending, password="", trial=name))
    assert Mailbox.objects.get().secrets == {"imap_password": "secret", "smtp_password": "secret"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"password": "wrong"}, ["Fetching does not work. The server refused the password.", "Sending does not work."]),
        ({"imap_folder": "Nowhere"}, ["Fetching does not work.", "Sending works."]),
        ({"smtp_user": "help@acme.example", "smtp_password": "wrong"}, ["Fetching works.", "Sending does not work."]),
        ({"imap_security": "tls"}, ["Fetching does not work.", "Sending works."]),
    ],
    ids=["password", "folder", "smtp", "tls"],
)
def test_fault_is_named(
    admin: Client, incoming: Dovecot, sending: Outgoing, wrong: dict[str, str], words: list[str]
) -> None:
    admin.post(f"{LIST}/test", fields(incoming, sending, **wrong), headers=HTMX)
    found = text_of(admin.get(f"{LIST}/tests/{work()}", headers=HTMX).content)
    for one in words:
        assert one in found


def test_private_hosts_are_not_asked(admin: Client, incoming: Dovecot, sending: Outgoing, settings: Any) -> None:
    settings.ALLOW_PRIVATE_HOSTS = False
    admin.post(f"{LIST}/test", fields(incoming, sending), headers=HTMX)
    assert "inside a private network" in text_of(admin.get(f"{LIST}/tests/{work()}", headers=HTMX).content)


def test_form_that_is_not_complete_is_not_tested(admin: Client, incoming: Dovecot, sending: Outgoing) -> None:
    typed = fields(incoming, sending, imap_host="", smtp_host="not a host")
    answer = admin.post(f"{LIST}/test", typed, headers=HTMX)
    assert answer.status_code == 422
    assert "Enter the name of the IMAP server." in text_of(answer.content)
    assert admin.post(f"{LIST}/test", typed).status_code == 422
    assert not ProcrastinateJob.objects.filter(task_name="try_mailbox").exists()


def test_what_is_typed_waits_sealed_and_is_nobody_elses(
    admin: Client, acme: Workspace, incoming: Dovecot, sending: Outgoing
) -> None:
    admin.post(f"{LIST}/test", fields(incoming, sending, password=SECRET), headers=HTMX)
    name = work()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), string_agg(value, ' ') FROM cache WHERE cache_key LIKE '%%mailbox-%%'")
        count, kept = cursor.fetchone()
    assert count == 2
    assert not any(SECRET.encode() in base64.b64decode(one + "==") for one in kept.split())
    assert SECRET not in str(list(ProcrastinateJob.objects.values_list("args", flat=True)))
    other = member(acme, "Eve Other", "admin").signed_in()
    assert other.get(f"{LIST}/tests/{name}").status_code == 404
    assert b"127.0.0.1" not in other.get(f"{LIST}/add", {"trial": name}).content


def test_test_that_nobody_runs_is_given_up(
    admin: Client, incoming: Dovecot, sending: Outgoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.post(f"{LIST}/test", fields(incoming, sending), headers=HTMX)
    name = ProcrastinateJob.objects.get(task_name="try_mailbox").args["name"]
    monkeypatch.setattr(place, "PATIENCE", -1)
    answer = admin.get(f"{LIST}/tests/{name}", headers=HTMX)
    assert "Is a worker running?" in text_of(answer.content)
    assert b"hx-get" not in answer.content


def test_address_of_another_mailbox_is_refused_beside_its_field(
    admin: Client, globex: Workspace, incoming: Dovecot, sending: Outgoing
) -> None:
    MailboxFactory(workspace=globex, address="help@acme.example")
    answer = admin.post(f"{LIST}/add", fields(incoming, sending))
    assert answer.status_code == 422
    assert b'id="address-fault"' in answer.content
    assert "already belongs to another mailbox" in text_of(answer.content)
    assert b'value="secret"' not in answer.content


def test_webhook_shows_its_address_with_what_to_do_at_each_provider(admin: Client, in_acme: Workspace) -> None:
    admin.post(f"{LIST}/add", {"address": "hook@acme.example", "inbound": "ingress", "sending": "desk"})
    mailbox = Mailbox.objects.get()
    first = servers.ingress_url(mailbox)
    page = admin.get(page_of(mailbox)).content.decode()
    assert str(first) in page
    for provider in ("Amazon SES", "Mailgun", "Postmark", "SendGrid", "Resend"):
        assert provider in page
    admin.post(page_of(mailbox, "/webhook"))
    page = admin.get(page_of(mailbox)).content.decode()
    assert str(first) not in page
    assert str(servers.ingress_url(Mailbox.objects.get())) in page


def test_keys_of_the_provider_are_kept_replaced_removed_and_never_shown(admin: Client, in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme, inbound=Inbound.INGRESS)
    url = page_of(mailbox, "/keys")
    admin.post(url, {"mailgun_signing_key": "first-key", "webhook_password": "a:b"})
    admin.post(url, {"mailgun_signing_key": "", "webhook_password": "c:d"})
    held = Mailbox.objects.get().secrets
    assert (held["mailgun_signing_key"], held["webhook_password"]) == ("first-key", "c:d")
    page = admin.get(page_of(mailbox)).content
    assert b"first-key" not in page
    assert b"c:d" not in page
    refused = admin.post(url, {"webhook_password": "no colon"}, follow=True)
    assert "user:password" in text_of(refused.content)
    admin.post(url, {"remove": ["mailgun_signing_key", "imap_password"]})
    assert set(Mailbox.objects.get().secrets) == {"ingress", "webhook_password"}


def test_mail_that_is_handed_over_shows_the_command(admin: Client, in_acme: Workspace) -> None:
    admin.post(f"{LIST}/add", {"address": "door@acme.example", "inbound": "door", "sending": "desk"})
    page = text_of(admin.get(page_of(Mailbox.objects.get())).content)
    assert "deliver_mail --workspace acme --address door@acme.example" in page


# --- Changing -----------------------------------------------------------------------------------


def general(**more: Any) -> dict[str, Any]:
    return {"name": "", "aliases": "", "undo_seconds": "10", "plus_addressing": "on", **more}


def test_settings_of_a_mailbox_are_changed(admin: Client, in_acme: Workspace, ben: Member) -> None:
    mailbox, team = MailboxFactory(workspace=in_acme), TeamFactory(workspace=in_acme)
    answer = admin.post(
        page_of(mailbox),
        general(
            name="Help", aliases="a@acme.example, b@acme.example\n", team=team.pk, assignee=ben.user.pk, signature="Regards",
            undo_seconds="0", acknowledges="on", acknowledgement="Got it.", trusted_host="MX.example.com",
        ),
    )  # fmt: skip
    assert answer["Location"] == page_of(mailbox)
    row = Mailbox.objects.get()
    assert (row.name, row.team, row.assignee, row.signature, row.undo_seconds) == ("Help", team, ben.user, "Regards", 0)
    assert (row.acknowledges, row.acknowledgement, row.plus_addressing, row.trusted_host) == (True, "Got it.", True, "mx.example.com")  # fmt: skip
    assert MailboxAddress.objects.count() == 3
    page = admin.get(page_of(mailbox)).content.decode()
    assert "a@acme.example\nb@acme.example" in page
    admin.post(page_of(mailbox), general(plus_addressing=""))
    row = Mailbox.objects.get()
    assert (row.team, row.assignee, row.acknowledges, row.plus_addressing) == (None, None, False, False)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"undo_seconds": "1000"}, "undo_seconds"),
        ({"aliases": "nobody"}, "aliases"),
        ({"trusted_host": "a b"}, "trusted_host"),
        ({"team": "999999"}, "team"),
    ],
)
def test_wrong_setting_is_named_beside_its_field(
    admin: Client, in_acme: Workspace, wrong: dict[str, str], field: str
) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    answer = admin.post(page_of(mailbox), general(**wrong))
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in answer.content.decode()


def test_stored_password_is_on_no_page_and_stays_when_left_empty(
    admin: Client, in_acme: Workspace, incoming: Dovecot, sending: Outgoing
) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    for path in (LIST, page_of(mailbox), page_of(mailbox, "/health"), page_of(mailbox, "/delete")):
        assert SECRET.encode() not in admin.get(path).content
    typed = fields(incoming, sending, imap_host="imap.example.com", imap_port="993", imap_security="tls", smtp_host="smtp.example.com",
                   smtp_port="465", smtp_security="tls", user=mailbox.address, password="", imap_folder="Support")  # fmt: skip
    assert admin.post(page_of(mailbox, "/login"), typed)["Location"] == page_of(mailbox)
    row = Mailbox.objects.get()
    assert (row.imap["folder"], row.secrets) == ("Support", {"imap_password": SECRET, "smtp_password": SECRET})
    assert SECRET not in str(list(Event.objects.values_list("data", flat=True)))


def test_stored_password_is_not_sent_to_another_server(
    admin: Client, in_acme: Workspace, incoming: Dovecot, sending: Outgoing
) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    typed = fields(incoming, sending, password="")
    answer = admin.post(page_of(mailbox, "/login"), typed)
    assert answer.status_code == 422
    assert "enter the password again" in text_of(answer.content).lower()
    # Nor by a test.
    admin.post(page_of(mailbox, "/test"), typed, headers=HTMX)
    found = text_of(admin.get(f"{LIST}/tests/{work()}", headers=HTMX).content)
    assert "Fetching does not work." in found
    assert not sending.logins or SECRET not in str(sending.logins)
    admin.post(page_of(mailbox, "/login"), {**typed, "password": "secret"})
    assert Mailbox.objects.get().imap["host"] == "127.0.0.1"


def test_mailbox_is_tested_with_its_stored_password(
    admin: Client, in_acme: Workspace, incoming: Dovecot, sending: Outgoing
) -> None:
    typed = fields(incoming, sending)
    admin.post(f"{LIST}/add", typed)
    mailbox = Mailbox.objects.get()
    admin.post(page_of(mailbox, "/test"), {**typed, "password": ""}, headers=HTMX)
    found = text_of(admin.get(f"{LIST}/tests/{work()}", headers=HTMX).content)
    assert "Fetching works." in found
    assert "Sending works." in found


def test_mailbox_is_paused_resumed_made_default_and_deleted(admin: Client, in_acme: Workspace) -> None:
    MailboxFactory(workspace=in_acme)
    mailbox = MailboxFactory(workspace=in_acme)

    def now() -> Mailbox:
        return Mailbox.objects.get(pk=mailbox.pk)

    admin.post(page_of(mailbox, "/pause"))
    assert now().state == MailboxState.PAUSED
    admin.post(page_of(mailbox, "/resume"))
    assert now().state == MailboxState.ACTIVE
    admin.post(page_of(mailbox, "/default"))
    assert now().is_default
    assert "Delete" in text_of(admin.get(page_of(mailbox, "/delete")).content)
    assert now().state == MailboxState.ACTIVE
    assert admin.post(page_of(mailbox, "/delete"))["Location"] == LIST
    assert now().state == MailboxState.DELETED
    assert admin.get(page_of(mailbox)).status_code == 404


# --- Health -------------------------------------------------------------------------------------


def test_health_shows_quarantine_bounces_and_loops(admin: Client, in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    Mailbox.objects.filter(pk=mailbox.pk).update(read_at=clock.now(), next_uid=9, last_uid=5, uid_validity=77)
    quarantined(mailbox)
    for code, reason in (("loop", "Two programs answer each other."), ("bounce", "The address does not exist.")):
        InboundMail.objects.create(
            mailbox=mailbox, source="imap", raw="x", size=1, digest="1" * 64, state="ignored", code=code, reason=reason
        )
    page = admin.get(page_of(mailbox, "/health"))
    text = text_of(page.content)
    for part in ("Last UID 5 of 77", "3 mails", "Its parts are nested too deeply.", "Loops stopped 1", "Delivery reports 1",
                 "Two programs answer each other."):  # fmt: skip
        assert part in text
    assert b"<b>lamp</b>" not in page.content


def test_quarantined_mail_is_downloaded_retried_and_dismissed(admin: Client, in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    first, second = quarantined(mailbox), quarantined(mailbox)
    sent = admin.get(page_of(mailbox, f"/mails/{first.public_id}/original"))
    assert b"".join(sent.streaming_content) == b"From: <script>\r\n\r\nHello"  # type: ignore[attr-defined]
    assert sent["Content-Disposition"].startswith("attachment")
    assert sent["X-Content-Type-Options"] == "nosniff"
    admin.post(page_of(mailbox, f"/mails/{first.public_id}/retry"))
    admin.post(page_of(mailbox, f"/mails/{second.public_id}/dismiss"))
    states = dict(InboundMail.objects.values_list("pk", "state"))
    assert states == {first.pk: "stored", second.pk: "ignored"}


def test_health_shows_what_the_webhook_did_not_accept(admin: Client, in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme, inbound=Inbound.INGRESS)
    for _ in range(2):
        refusing.note(mailbox, "not_signed", "A call of the webhook had a wrong signature.", clock.now())
    text = text_of(admin.get(page_of(mailbox, "/health")).content)
    assert "A call of the webhook had a wrong signature." in text
    assert "2 times, last today" in text


def test_mail_of_another_mailbox_is_not_here(admin: Client, in_acme: Workspace) -> None:
    one, other = MailboxFactory(workspace=in_acme), MailboxFactory(workspace=in_acme)
    mail = quarantined(other)
    assert admin.get(page_of(one, f"/mails/{mail.public_id}/original")).status_code == 404
    assert admin.post(page_of(one, f"/mails/{mail.public_id}/retry")).status_code == 404


def test_backfill_is_requested_shown_and_stopped(admin: Client, in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    admin.post(page_of(mailbox, "/backfill"), {"days": "x"})
    assert Mailbox.objects.get().backfill_days is None
    admin.post(page_of(mailbox, "/backfill"), {"days": "30"})
    Mailbox.objects.update(backfill_total=200, backfill_done=50)
    assert "50 of 200 looked at" in text_of(admin.get(page_of(mailbox, "/status"), headers=HTMX).content)
    admin.post(page_of(mailbox, "/backfill/stop"))
    assert Mailbox.objects.get().backfill_days is None


def test_addresses_are_suppressed_and_senders_blocked(admin: Client, in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    admin.post(page_of(mailbox, "/suppressed"), {"address": "gone@shop.example"})
    admin.post(page_of(mailbox, "/blocked"), {"pattern": "@bad.example"})
    refused = admin.post(page_of(mailbox, "/blocked"), {"pattern": "bad"}, follow=True)
    assert "is not an email address" in text_of(refused.content)
    text = text_of(admin.get(page_of(mailbox, "/health")).content)
    assert "gone@shop.example" in text
    assert "@bad.example" in text
    admin.post(page_of(mailbox, f"/suppressed/{SuppressedAddress.objects.get().pk}/remove"))
    admin.post(page_of(mailbox, f"/blocked/{BlockedSender.objects.get().pk}/remove"))
    assert not SuppressedAddress.objects.exists()
    assert not BlockedSender.objects.exists()


# --- Who may ------------------------------------------------------------------------------------


def test_agents_read_the_health_and_block_senders_and_change_nothing_else(ben: Member, in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme, inbound=Inbound.INGRESS)
    mail = quarantined(mailbox)
    agent = ben.signed_in()
    assert "Mailboxes" in agent.get("/w/acme/settings").content.decode()
    for part in ("", "/delete"):
        assert agent.get(page_of(mailbox, part)).status_code == 403
    for part in ("", "/login", "/test", "/keys", "/pause", "/resume", "/default", "/webhook", "/delete", "/backfill", "/backfill/stop",
                 "/suppressed", f"/mails/{mail.public_id}/retry", f"/mails/{mail.public_id}/dismiss"):  # fmt: skip
        assert agent.post(page_of(mailbox, part), {"address": "a@b.example"}).status_code == 403, part
    assert agent.post(f"{LIST}/test").status_code == 403
    page = agent.get(page_of(mailbox, "/health"))
    assert page.status_code == 200
    assert b"/retry" not in page.content
    assert str(servers.ingress_url(mailbox)).encode() not in page.content
    assert agent.get(LIST).status_code == 200
    agent.post(page_of(mailbox, "/blocked"), {"pattern": "@bad.example"})
    assert BlockedSender.objects.get().created_by == ben.user


def test_viewers_and_former_members_see_nothing(vic: Member, ben: Member, in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    viewer, former = vic.signed_in(), ben.signed_in()
    ben.membership.delete()
    for path in (LIST, page_of(mailbox, "/health")):
        assert viewer.get(path).status_code == 403
        assert former.get(path).status_code == 404
    assert viewer.post(page_of(mailbox, "/blocked"), {"pattern": "@bad.example"}).status_code == 403


def test_mailbox_of_another_workspace_is_not_here(admin: Client, globex: Workspace) -> None:
    mailbox = MailboxFactory(workspace=globex)
    for part in ("", "/health", "/status", "/delete"):
        assert admin.get(page_of(mailbox, part)).status_code == 404
    assert admin.post(page_of(mailbox, "/pause")).status_code == 404
