"""What an operator does to mailboxes from a shell."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Workspace
from conversations.channels.email import servers
from conversations.models import Inbound, Mailbox, MailboxAddress
from tests.commands.test_operator_commands import refused, run
from tests.factories import MailboxFactory, TeamFactory
from tests.mail_servers.dovecot import Dovecot
from tests.mail_servers.outgoing import Outgoing

pytestmark = pytest.mark.django_db
IMAP = "imaps://help%40acme.example:hush%20hush@imap.acme.example/Support"
SMTP = "smtp://help%40acme.example:other@smtp.acme.example"


def create(*more: Any) -> str:
    return run("create_mailbox", "--workspace", "acme", "--address", "help@acme.example", *more)


def test_create_mailbox_yields_its_public_id(in_acme: Workspace) -> None:
    team = TeamFactory(workspace=in_acme, name="Night")
    value = create(
        "--imap",
        IMAP,
        "--smtp",
        SMTP,
        "--name",
        "Help",
        "--team",
        "night",
        "--alias",
        "a@acme.example",
        "--alias",
        "b@acme.example",
    )
    mailbox = Mailbox.objects.get()
    assert (value, mailbox.name, mailbox.team, mailbox.inbound) == (str(mailbox.public_id), "Help", team, Inbound.IMAP)
    login = {"host": "imap.acme.example", "port": 993, "security": "tls", "user": "help@acme.example"}
    assert mailbox.imap == {**login, "folder": "Support"}
    assert mailbox.smtp == {**login, "host": "smtp.acme.example", "port": 587, "security": "plain"}
    assert mailbox.secrets == {"imap_password": "hush hush", "smtp_password": "other"}
    assert MailboxAddress.objects.count() == 3


def test_create_mailbox_with_ingress_yields_the_webhooks_address(in_acme: Workspace) -> None:
    value = create("--ingress")
    mailbox = Mailbox.objects.get()
    assert (value, mailbox.inbound) == (servers.ingress_url(mailbox), Inbound.INGRESS)
    assert servers.ingress_hash(value.rsplit("/", 1)[1]) == mailbox.ingress_hash


def test_create_mailbox_without_either_waits_for_the_mail_server(in_acme: Workspace) -> None:
    create()
    assert Mailbox.objects.get().inbound == Inbound.DOOR


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--imap", "imaps://a:hush@"), "imap: "),
        (("--imap", "https://a:hush@imap.example"), "imap: "),
        (("--imap", IMAP, "--smtp", "smtp://a:hush@b:99999"), "smtp: "),
        (("--team", "Nobody"), "there is no team Nobody (there are: none yet)"),
        (("--alias", "nobody"), "aliases: 'nobody' is not an email address"),
        (("--imap", IMAP, "--ingress"), "not allowed with argument"),
    ],
)
def test_create_mailbox_refuses_in_one_line_without_a_password(
    in_acme: Workspace, more: tuple[str, ...], words: str
) -> None:
    line = refused("create_mailbox", "--workspace", "acme", "--address", "help@acme.example", *more)
    assert words in line
    assert "hush" not in line
    assert not Mailbox.objects.exists()


def test_create_mailbox_refuses_the_address_of_another_workspace(acme: Workspace, globex: Workspace) -> None:
    MailboxFactory(workspace=globex, address="help@acme.example")
    line = refused("create_mailbox", "--workspace", "acme", "--address", "HELP@acme.example")
    assert line == "address: help@acme.example already belongs to another mailbox"


# --- check_mailbox ------------------------------------------------------------------------------


def checked(address: str) -> tuple[int, str]:
    """The exit code and what was printed."""
    out = io.StringIO()
    code = 0
    try:
        call_command("check_mailbox", address, stdout=out, stderr=io.StringIO())
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, out.getvalue()


def test_check_mailbox_names_what_works(in_acme: Workspace, incoming: Dovecot, sending: Outgoing) -> None:
    create(
        "--imap",
        incoming.imap_url("help@acme.example"),
        "--smtp",
        f"smtp://a:secret@127.0.0.1:{sending.port}",
        "--alias",
        "b@acme.example",
    )
    for address in ("help@acme.example", "B@acme.example"):
        code, printed = checked(address)
        assert (code, printed.splitlines()[-1]) == (0, "ok")
        assert [line.split(":")[0] for line in printed.splitlines()[:2]] == ["ok    Fetching", "ok    Sending"]


def test_check_mailbox_names_the_fault_and_ends_with_1(
    in_acme: Workspace, incoming: Dovecot, sending: Outgoing
) -> None:
    create("--imap", incoming.imap_url("help@acme.example"), "--smtp", f"smtp://a:wrong@127.0.0.1:{sending.port}")
    code, printed = checked("help@acme.example")
    assert (code, printed.splitlines()[-1]) == (1, "fault")
    assert "fault Sending: The server refused the password." in printed
    assert "wrong" not in printed


def test_check_mailbox_knows_no_other_address(in_acme: Workspace) -> None:
    assert (
        refused("check_mailbox", "nobody@acme.example")
        == "no mailbox has the address nobody@acme.example: see create_mailbox"
    )
