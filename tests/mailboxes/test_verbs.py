"""What people set up: mailboxes with their addresses and logins, mails set aside, and addresses that get or send nothing."""

from __future__ import annotations

from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import actions as account_actions
from accounts import clock, sealed
from accounts.errors import Forbidden, Invalid, NotFound
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations.channels.email import actions, servers
from conversations.channels.email.wire.endpoints import Credentials, ImapServer, SmtpServer
from conversations.models import (
    BlockedSender,
    Inbound,
    InboundMail,
    Login,
    Mailbox,
    MailboxAddress,
    MailboxState,
    MailState,
    SuppressedAddress,
)
from conversations.queries import mailboxes
from tests.conftest import Member
from tests.factories import MailboxFactory, TeamFactory

pytestmark = pytest.mark.django_db
SECRET = "hush hush"


def act(workspace: Workspace) -> dict[str, Any]:
    return {"by": Actor.system(workspace.pk), "at": clock.now()}


def fresh(mailbox: Mailbox) -> Mailbox:
    return Mailbox.objects.get(pk=mailbox.pk)


def addresses(mailbox: Mailbox) -> set[str]:
    return set(MailboxAddress.objects.filter(mailbox=mailbox).values_list("address", flat=True))


# --- Adding -------------------------------------------------------------------------------------


def test_first_mailbox_is_the_default_and_the_next_is_not(in_acme: Workspace) -> None:
    assert [MailboxFactory(workspace=in_acme).is_default for _ in range(2)] == [True, False]


def test_address_is_kept_in_lower_case_with_its_aliases(in_acme: Workspace) -> None:
    mailbox = MailboxFactory(
        workspace=in_acme, address=" Help@Example.COM ", aliases=["Sales@example.com", "", "help@example.com"]
    )
    assert (mailbox.address, addresses(mailbox)) == ("help@example.com", {"help@example.com", "sales@example.com"})


@pytest.mark.parametrize("which", ["address", "aliases"])
@pytest.mark.parametrize("taken", ["help@example.com", "sales@example.com"])
def test_address_belongs_to_one_workspace_of_the_installation(
    acme: Workspace, globex: Workspace, which: str, taken: str
) -> None:
    MailboxFactory(workspace=globex, address="help@example.com", aliases=["sales@example.com"])
    given = {"address": taken} if which == "address" else {"aliases": [taken]}
    with pytest.raises(Invalid) as error:
        MailboxFactory(workspace=acme, **given)
    assert (error.value.field, error.value.code) == (which, "address_taken")
    assert not Mailbox.all_workspaces.filter(workspace=acme).exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"address": "nobody"}, "address"),
        ({"aliases": ["nobody"]}, "aliases"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"imap": None}, "imap"),
        ({"inbound": Inbound.DOOR}, "imap"),
        ({"inbound": "pigeon"}, "inbound"),
        ({"imap": (ImapServer("not a host"), Credentials("a", "b"))}, "imap.host"),
        ({"imap": (ImapServer("imap.example.com"), Credentials("", "b"))}, "imap.user"),
        ({"smtp": (SmtpServer("smtp.example.com", 0), None)}, "smtp.port"),
    ],
)
def test_mailbox_is_refused_with_the_field_at_fault(in_acme: Workspace, given: dict[str, Any], field: str) -> None:
    usual = {"imap": (ImapServer("imap.example.com"), Credentials("a", "b"))}
    with pytest.raises(Invalid) as error:
        actions.create_mailbox(workspace=in_acme, **{"address": "help@example.com", **usual, **given}, **act(in_acme))
    assert error.value.field == field
    assert not MailboxAddress.objects.exists()


def test_team_and_assignee_are_of_the_workspace(
    in_acme: Workspace, globex: Workspace, vic: Member, cleo: Member
) -> None:
    for given, field in [
        ({"team": TeamFactory(workspace=globex)}, "team"),
        ({"assignee": vic.user}, "assignee"),
        ({"assignee": cleo.user}, "assignee"),
    ]:
        with pytest.raises(Invalid) as error:
            MailboxFactory(workspace=in_acme, **given)
        assert error.value.field == field


def test_passwords_are_sealed_and_in_no_event(in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    row = Mailbox.objects.filter(pk=mailbox.pk).values().get()
    assert SECRET not in str(row)
    assert fresh(mailbox).secrets == {"imap_password": SECRET, "smtp_password": SECRET}
    recorded = list(Event.objects.filter(subject_type="mailbox").values_list("type", "data"))
    assert recorded == [("mailbox.created", {"inbound": "imap"})]


def test_webhook_has_a_secret_address_that_is_stored_as_a_hash(in_acme: Workspace, settings: Any) -> None:
    settings.PUBLIC_URL = "https://desk.example.com"
    mailbox = MailboxFactory(workspace=in_acme, inbound=Inbound.INGRESS)
    url = servers.ingress_url(mailbox)
    assert url is not None
    head, secret = url.rsplit("/", 1)
    assert (head, mailbox.ingress_hash) == ("https://desk.example.com/mail/ingress", servers.ingress_hash(secret))
    changed = actions.change_ingress(mailbox=mailbox, **act(in_acme))
    assert servers.ingress_url(changed) != url
    assert changed.ingress_hash != mailbox.ingress_hash
    assert secret not in str(list(Event.objects.values_list("data", flat=True)))


# --- Changing -----------------------------------------------------------------------------------


def test_what_is_not_given_stays_and_the_event_names_fields_alone(in_acme: Workspace, ben: Member) -> None:
    team = TeamFactory(workspace=in_acme)
    mailbox = MailboxFactory(workspace=in_acme, name="Help", team=team, assignee=ben.user)
    changed = actions.update_mailbox(mailbox=mailbox, signature="Kind regards\r\nBen", assignee=None, **act(in_acme))
    assert (changed.name, changed.team_id, changed.assignee_id) == ("Help", team.pk, None)
    assert changed.signature == "Kind regards\nBen"
    assert Event.objects.latest("id").data == {"fields": ["signature", "assignee"]}


def test_change_of_nothing_is_no_event(in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme, aliases=["sales@example.com"])
    before = Event.objects.count()
    actions.update_mailbox(mailbox=mailbox, name="", aliases=["SALES@example.com"], undo_seconds=10, **act(in_acme))
    actions.set_login(
        mailbox=mailbox, imap=(ImapServer("imap.example.com"), Credentials(mailbox.address)), **act(in_acme)
    )
    actions.resume_mailbox(mailbox=mailbox, **act(in_acme))
    actions.mark_connected(mailbox=mailbox, **act(in_acme))
    actions.cancel_backfill(mailbox=mailbox, **act(in_acme))
    actions.make_default(mailbox=mailbox, **act(in_acme))
    assert Event.objects.count() == before


def test_aliases_are_replaced_and_the_freed_ones_can_be_used_elsewhere(in_acme: Workspace) -> None:
    mailbox = MailboxFactory(
        workspace=in_acme, address="help@example.com", aliases=["old@example.com", "kept@example.com"]
    )
    actions.update_mailbox(mailbox=mailbox, aliases=["kept@example.com", "new@example.com"], **act(in_acme))
    assert addresses(mailbox) == {"help@example.com", "kept@example.com", "new@example.com"}
    assert MailboxFactory(workspace=in_acme, address="old@example.com").pk


@pytest.mark.parametrize(
    ("given", "field"),
    [({"undo_seconds": 121}, "undo_seconds"), ({"trusted_host": "not a host"}, "trusted_host"), ({"signature": "x" * 10_001}, "signature")],
)  # fmt: skip
def test_change_is_refused_with_the_field_at_fault(in_acme: Workspace, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as error:
        actions.update_mailbox(mailbox=MailboxFactory(workspace=in_acme), **given, **act(in_acme))
    assert error.value.field == field


def test_default_moves_and_passes_on_when_its_mailbox_is_deleted(in_acme: Workspace) -> None:
    first, second, third = (MailboxFactory(workspace=in_acme) for _ in range(3))
    actions.make_default(mailbox=third, **act(in_acme))
    assert [fresh(one).is_default for one in (first, second, third)] == [False, False, True]
    actions.delete_mailbox(mailbox=third, **act(in_acme))
    assert [fresh(one).is_default for one in (first, second, third)] == [True, False, False]


def test_deleted_mailbox_frees_its_addresses_and_forgets_its_secrets(in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme, address="help@example.com", aliases=["sales@example.com"])
    mail = quarantined(mailbox)
    actions.delete_mailbox(mailbox=mailbox, **act(in_acme))
    assert (fresh(mailbox).state, fresh(mailbox).secrets, addresses(mailbox)) == (MailboxState.DELETED, {}, set())
    assert list(InboundMail.objects.all()) == [mail]
    assert not mailboxes.present()
    again = MailboxFactory(workspace=in_acme, address="help@example.com", aliases=["sales@example.com"])
    assert again.is_default
    with pytest.raises(NotFound):
        actions.resume_mailbox(mailbox=mailbox, **act(in_acme))


def test_pause_lasts_until_it_is_resumed(in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    assert actions.pause_mailbox(mailbox=mailbox, **act(in_acme)).state == MailboxState.PAUSED
    assert actions.mark_disconnected(mailbox=mailbox, reason="No.", **act(in_acme)).state == MailboxState.PAUSED
    assert actions.resume_mailbox(mailbox=mailbox, **act(in_acme)).state == MailboxState.ACTIVE


def test_member_who_leaves_gets_no_more_new_conversations(in_acme: Workspace, ada: Member, ben: Member) -> None:
    mailbox = MailboxFactory(workspace=in_acme, assignee=ben.user)
    account_actions.remove_member(membership=ben.membership, by=ada.actor, at=clock.now())
    assert fresh(mailbox).assignee is None
    assert Event.objects.get(type="member.removed").data["unassigned"] == {"mailboxes": 1}


# --- Logins -------------------------------------------------------------------------------------


def test_empty_password_keeps_the_stored_one(in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    given = (ImapServer("imap.example.com", folder="Support"), Credentials(mailbox.address))
    changed = actions.set_login(mailbox=mailbox, imap=given, **act(in_acme))
    assert (changed.imap["folder"], changed.secrets["imap_password"]) == ("Support", SECRET)


@pytest.mark.parametrize(
    "server",
    [ImapServer("imap.elsewhere.example"), ImapServer("imap.example.com", 143, "plain")],
    ids=["host", "plain"],
)
def test_stored_password_is_not_sent_to_another_server_or_in_the_clear(in_acme: Workspace, server: ImapServer) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    with pytest.raises(Invalid) as error:
        actions.set_login(mailbox=mailbox, imap=(server, Credentials(mailbox.address)), **act(in_acme))
    assert (error.value.field, error.value.code) == ("imap_password", "password_needed")
    changed = actions.set_login(mailbox=mailbox, imap=(server, Credentials(mailbox.address, "new")), **act(in_acme))
    assert changed.secrets["imap_password"] == "new"


def test_mailbox_without_a_server_of_its_own_forgets_the_password(in_acme: Workspace) -> None:
    changed = actions.set_login(mailbox=MailboxFactory(workspace=in_acme), smtp=None, **act(in_acme))
    assert (changed.smtp, changed.secrets) == (None, {"imap_password": SECRET})


def test_tokens_take_the_place_of_passwords_and_connect_again(in_acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    lost = actions.mark_disconnected(mailbox=mailbox, reason="The password was not accepted.", **act(in_acme))
    assert (lost.state, lost.failure) == (MailboxState.DISCONNECTED, "The password was not accepted.")
    tokens = {"access": "one", "refresh": "two", "expires_at": 5}
    changed = actions.set_login(mailbox=mailbox, login=Login.GOOGLE, oauth=tokens, **act(in_acme))
    assert (changed.state, changed.failure, changed.secrets) == (MailboxState.ACTIVE, "", {"oauth": tokens})
    newer = {**tokens, "access": "three"}
    assert actions.refresh_tokens(mailbox=mailbox, oauth=newer, **act(in_acme)).secrets == {"oauth": newer}
    assert not {"one", "two", "three"} & set(str(list(Event.objects.values_list("data", flat=True))).split("'"))


def test_tokens_are_sent_to_the_providers_servers_alone(in_acme: Workspace) -> None:
    tokens, login = {"access": "one", "refresh": "two", "expires_at": 5}, Credentials("help@gmail.com")
    mailbox = MailboxFactory(
        workspace=in_acme, address="help@gmail.com", login="google", oauth=tokens, imap=(ImapServer("imap.gmail.com"), login), smtp=None
    )  # fmt: skip
    for server in (ImapServer("imap.elsewhere.example"), ImapServer("imap.gmail.com", 143, "plain")):
        with pytest.raises(Invalid, match="sign in again") as error:
            actions.set_login(mailbox=mailbox, imap=(server, login), **act(in_acme))
        assert error.value.field == "imap.host"
    changed = actions.set_login(
        mailbox=mailbox, imap=(ImapServer("imap.gmail.com", folder="Support"), login), smtp=(SmtpServer("smtp.gmail.com"), login), **act(in_acme)
    )  # fmt: skip
    assert changed.secrets == {"oauth": tokens}
    elsewhere = (ImapServer("imap.elsewhere.example"), Credentials("help@gmail.com", "new"))
    changed = actions.set_login(mailbox=mailbox, login="password", imap=elsewhere, smtp=None, **act(in_acme))
    assert changed.secrets == {"imap_password": "new"}


def test_connection_that_is_back_is_noted_once(in_acme: Workspace) -> None:
    mailbox = actions.mark_disconnected(mailbox=MailboxFactory(workspace=in_acme), reason="No.", **act(in_acme))
    for _ in range(2):
        assert actions.mark_connected(mailbox=mailbox, **act(in_acme)).failing_since is None
    assert Event.objects.filter(type="mailbox.connected").count() == 1


def test_secrets_are_sealed_anew_with_the_present_key(in_acme: Workspace, settings: Any) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    old = settings.CHANNEL_SECRETS_KEYS
    settings.CHANNEL_SECRETS_KEYS = ["a new key", *old]
    assert actions.reseal(mailbox=mailbox, **act(in_acme))
    settings.CHANNEL_SECRETS_KEYS = ["a new key"]
    assert fresh(mailbox).secrets["imap_password"] == SECRET
    settings.CHANNEL_SECRETS_KEYS = old
    with pytest.raises(sealed.Unreadable):
        _ = fresh(mailbox).secrets


def test_secrets_whose_key_is_gone_are_entered_again(in_acme: Workspace, settings: Any) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    settings.CHANNEL_SECRETS_KEYS = ["another key"]
    login = (ImapServer("imap.example.com"), Credentials(mailbox.address, "again"))
    assert actions.set_login(mailbox=mailbox, imap=login, **act(in_acme)).secrets == {"imap_password": "again"}


# --- Earlier mail -------------------------------------------------------------------------------


def test_backfill_is_requested_and_stopped(in_acme: Workspace) -> None:
    mailbox = actions.request_backfill(mailbox=MailboxFactory(workspace=in_acme), days=30, **act(in_acme))
    assert (mailbox.backfill_days, mailbox.backfill_done, mailbox.backfill_total) == (30, 0, None)
    assert actions.cancel_backfill(mailbox=mailbox, **act(in_acme)).backfill_days is None


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_backfill_has_a_sensible_number_of_days(in_acme: Workspace, days: int) -> None:
    with pytest.raises(Invalid, match="days"):
        actions.request_backfill(mailbox=MailboxFactory(workspace=in_acme), days=days, **act(in_acme))


def test_only_fetched_mail_is_fetched_again(in_acme: Workspace) -> None:
    with pytest.raises(Invalid, match="IMAP"):
        actions.request_backfill(
            mailbox=MailboxFactory(workspace=in_acme, inbound=Inbound.DOOR), days=3, **act(in_acme)
        )


# --- Mails that were set aside ------------------------------------------------------------------


def quarantined(mailbox: Mailbox) -> InboundMail:
    return InboundMail.objects.create(
        mailbox=mailbox,
        source="imap",
        raw="none",
        size=1,
        digest="0" * 64,
        state="quarantined",
        code="broken",
        reason="It is broken.",
    )


def test_quarantined_mail_is_read_again_by_a_job(in_acme: Workspace) -> None:
    mail = quarantined(MailboxFactory(workspace=in_acme))
    for _ in range(2):
        assert actions.retry_mail(mail=mail, **act(in_acme)).state == MailState.STORED
    job = ProcrastinateJob.objects.get(task_name="read_mail")
    assert job.args == {"workspace_id": in_acme.pk, "mail_id": mail.pk}


def test_dismissed_mail_keeps_its_reason(in_acme: Workspace) -> None:
    mail = actions.dismiss_mail(mail=quarantined(MailboxFactory(workspace=in_acme)), **act(in_acme))
    assert (mail.state, mail.code, mail.reason) == (MailState.IGNORED, "dismissed", "It is broken.")
    assert actions.retry_mail(mail=mail, **act(in_acme)).state == MailState.IGNORED


# --- Addresses that get or send nothing ---------------------------------------------------------


def test_address_is_suppressed_once(in_acme: Workspace) -> None:
    first = actions.suppress(
        workspace=in_acme, address="Gone@example.com", reason="Unknown.", code="5.1.1", **act(in_acme)
    )
    assert actions.suppress(workspace=in_acme, address="gone@example.com", reason="Other.", **act(in_acme)) == first
    assert SuppressedAddress.objects.get().reason == "Unknown."
    actions.unsuppress(suppressed=first, **act(in_acme))
    assert not SuppressedAddress.objects.exists()
    assert "gone" not in str(list(Event.objects.values_list("data", flat=True)))


@pytest.mark.parametrize(
    ("given", "kept"), [("Spam@Bad.example", "spam@bad.example"), (" @Bad.Example", "@bad.example")]
)
def test_sender_or_domain_is_blocked_once(in_acme: Workspace, ben: Member, given: str, kept: str) -> None:
    rows = [actions.block_sender(workspace=in_acme, pattern=given, by=ben.actor, at=clock.now()) for _ in range(2)]
    assert (rows[0], rows[0].pattern, rows[0].created_by) == (rows[1], kept, ben.user)
    actions.unblock_sender(sender=rows[0], by=ben.actor, at=clock.now())
    assert not BlockedSender.objects.exists()


@pytest.mark.parametrize("pattern", ["", "@", "@com", "bad", "a@b@c", "@bad example.com", "@*.example.com"])
def test_what_is_no_sender_is_not_blocked(in_acme: Workspace, pattern: str) -> None:
    with pytest.raises(Invalid) as error:
        actions.block_sender(workspace=in_acme, pattern=pattern, **act(in_acme))
    assert error.value.field == "pattern"


# --- Who may ------------------------------------------------------------------------------------


def test_agents_and_strangers_change_no_mailbox(in_acme: Workspace, ben: Member, cleo: Member) -> None:
    mailbox = MailboxFactory(workspace=in_acme)
    with pytest.raises(Forbidden):
        actions.pause_mailbox(mailbox=mailbox, by=ben.actor, at=clock.now())
    with pytest.raises(NotFound):
        actions.pause_mailbox(mailbox=mailbox, by=cleo.actor, at=clock.now())
    assert fresh(mailbox).state == MailboxState.ACTIVE


def test_viewers_block_nobody(in_acme: Workspace, vic: Member) -> None:
    with pytest.raises(Forbidden):
        actions.block_sender(workspace=in_acme, pattern="@bad.example", by=vic.actor, at=clock.now())
