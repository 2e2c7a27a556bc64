"""Trying a mailbox's servers: everything that is right is listed, and the first thing that is wrong is named with a hint."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from conversations.channels.email.wire import oauth
from conversations.channels.email.wire.checking import Finding, check
from conversations.channels.email.wire.connecting import Limits
from conversations.channels.email.wire.endpoints import Credentials, ImapServer, SmtpServer
from tests.mail_servers import dovecot as dovecots
from tests.mail_servers import outgoing, proxy
from tests.mail_servers.certificates import Authority
from tests.mail_servers.dovecot import PASSWORD, Dovecot
from tests.mail_servers.outgoing import Outgoing

SHORT = Limits(connect=5.0, silence=0.5, answer=5.0, goodbye=0.2)
ADDRESS = "desk@desk.example"


@pytest.fixture
def server() -> Iterator[Outgoing]:
    with outgoing.running() as found:
        yield found


def lines(found: list[Finding]) -> list[str]:
    """The findings in short."""
    return [f"{'ok' if one.ok else 'NO'} {one.part} {one.what}" for one in found]


def imap_at(port: int, user: str, password: str = PASSWORD, **more: Any) -> tuple[ImapServer, Credentials]:
    return ImapServer("127.0.0.1", port, "plain", **more), Credentials(user, password)


def smtp_at(port: int) -> tuple[SmtpServer, None]:
    return SmtpServer("127.0.0.1", port, "plain"), None


def failed(found: list[Finding]) -> Finding:
    """The one that is wrong, which is the last of its part."""
    wrong = [one for one in found if not one.ok]
    assert len(wrong) == 1
    assert [one for one in found if one.part == wrong[0].part][-1] == wrong[0]
    return wrong[0]


def test_everything_that_is_right_is_listed(dovecot: Dovecot, server: Outgoing, user: str) -> None:
    dovecot.deliver(user, b"Subject: one\r\n\r\n")
    found = check(imap_at(dovecot.imap_port, user), smtp_at(server.port), address=ADDRESS)
    assert lines(found) == [
        "ok imap Server name",
        "ok imap Connection",
        "ok imap Greeting",
        "ok imap Encryption",
        "ok imap Login",
        "ok imap Folder",
        "ok imap Mail",
        "ok smtp Server name",
        "ok smtp Connection",
        "ok smtp Greeting",
        "ok smtp Encryption",
        "ok smtp Login",
        "ok smtp Sender",
    ]
    assert "one mail" in found[5].reason
    assert "not encrypted" in found[3].reason
    assert found[3].hint
    assert server.taken == []
    assert server.senders == [ADDRESS]


@pytest.mark.usefixtures("trusted")
def test_encryption_is_listed_before_the_greeting_where_it_comes_first(authority: Authority, user: str) -> None:
    pair = authority.issue()
    with dovecots.running(pair) as incoming, outgoing.running(tls=pair, wants_login=True) as sent:
        found = check(
            (ImapServer("localhost", incoming.imaps_port), Credentials(user, PASSWORD)),
            (SmtpServer("localhost", sent.port), Credentials(user, PASSWORD)),
        )
    assert all(one.ok and not one.hint for one in found)
    assert [one.what for one in found if one.part == "imap"][:4] == [
        "Server name",
        "Connection",
        "Encryption",
        "Greeting",
    ]
    assert "certificate is valid" in found[2].reason


def test_a_server_without_idle_is_fine(dovecot: Dovecot, user: str) -> None:
    with proxy.before(dovecot.imap_port, lambda data: data.replace(b" IDLE", b" XDLE")) as line_to:
        found = check(imap_at(line_to.port, user), None)
    assert all(one.ok for one in found)
    assert "asked twice a minute" in found[-1].reason


def test_a_wrong_password_is_named(dovecot: Dovecot, user: str) -> None:
    found = check(imap_at(dovecot.imap_port, user, "wrong"), None)
    assert lines(found)[-1] == "NO imap Login"
    assert failed(found).reason == "The server refused the password."
    assert failed(found).hint


def test_google_wants_an_app_password_or_a_sign_in(
    dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def here(name: str, port: int, *kinds: Any, **more: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", here)
    found = check((ImapServer("imap.gmail.com", dovecot.imap_port, "plain"), Credentials(user, "wrong")), None)
    assert failed(found).hint == "With Google, use an app password or sign in with Google."


def test_a_sign_in_that_is_gone_is_named(dovecot: Dovecot, user: str) -> None:
    def gone() -> str:
        raise oauth.NeedsReconnecting("Google")

    found = check((ImapServer("127.0.0.1", dovecot.imap_port, "plain"), Credentials(user, access_token=gone)), None)
    assert failed(found).what == "Login"
    assert failed(found).hint == "Sign in with Google again."


def test_a_missing_folder_is_named(dovecot: Dovecot, user: str) -> None:
    found = check(imap_at(dovecot.imap_port, user, folder="Support"), None)
    assert failed(found) == Finding(
        "imap", "Folder", False, "The folder Support cannot be opened.", "Check its name; most mailboxes have INBOX."
    )


def test_what_is_wrong_with_incoming_mail_does_not_hide_outgoing_mail(server: Outgoing, user: str) -> None:
    found = check(
        (ImapServer("no-such-host.invalid"), Credentials(user, PASSWORD)), smtp_at(server.port), address=ADDRESS
    )
    assert lines(found)[:2] == ["NO imap Server name", "ok smtp Server name"]
    assert lines(found)[-1] == "ok smtp Sender"


def test_a_private_address_is_named(dovecot: Dovecot, user: str, settings: Any) -> None:
    settings.ALLOW_PRIVATE_HOSTS = False
    found = check(imap_at(dovecot.imap_port, user), None)
    assert failed(found).what == "Server name"
    assert "ALLOW_PRIVATE_HOSTS=yes" in failed(found).hint


def test_a_closed_port_is_named(user: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = check(imap_at(port, user), smtp_at(port))
    assert lines(found) == [
        "ok imap Server name",
        "NO imap Connection",
        "ok smtp Server name",
        "NO smtp Connection",
    ]


def test_a_server_that_says_nothing_is_named(user: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = check(imap_at(silent.getsockname()[1], user), smtp_at(silent.getsockname()[1]), limits=SHORT)
    assert [one.what for one in found if not one.ok] == ["Greeting", "Greeting"]


def test_servers_that_were_mixed_up_are_named(dovecot: Dovecot, server: Outgoing, user: str) -> None:
    found = check(imap_at(server.port, user), smtp_at(dovecot.imap_port), limits=SHORT)
    assert [one.what for one in found if not one.ok] == ["Greeting", "Greeting"]


@pytest.mark.usefixtures("trusted")
def test_a_certificate_is_named_and_nothing_is_claimed_about_what_follows(authority: Authority, user: str) -> None:
    pair = authority.issue(is_self_signed=True)
    with dovecots.running(pair) as incoming:
        found = check((ImapServer("localhost", incoming.imaps_port), Credentials(user, PASSWORD)), None)
    assert lines(found) == ["ok imap Server name", "ok imap Connection", "NO imap Encryption"]
    assert "self-signed" in found[-1].reason


def test_a_sender_whom_the_server_does_not_take_is_named(server: Outgoing) -> None:
    server.sender_reply = f"550 5.7.60 <{ADDRESS}> cannot send as this sender"
    found = check(None, smtp_at(server.port), address=ADDRESS)
    assert failed(found).what == "Sender"
    assert failed(found).reason == "The server does not allow this sender's address."
    assert "alias" in failed(found).hint


def test_a_server_that_wants_a_login_is_named(user: str) -> None:
    with outgoing.running(wants_login=True) as sent:
        found = check(None, smtp_at(sent.port), address=ADDRESS)
    assert failed(found).what == "Sender"
    assert "password" in failed(found).hint


@pytest.mark.parametrize("at", ["connect", "ehlo", "mail"])
def test_an_outgoing_server_that_hangs_up_is_named(server: Outgoing, at: str) -> None:
    server.drop_at = at
    found = check(None, smtp_at(server.port), address=ADDRESS)
    assert failed(found).what == {"connect": "Greeting", "ehlo": "Greeting", "mail": "Sender"}[at]


def test_every_finding_is_a_sentence_without_secrets(dovecot: Dovecot, server: Outgoing, user: str) -> None:
    found = check(imap_at(dovecot.imap_port, user, "geheim"), smtp_at(server.port), address=ADDRESS)
    assert all(one.reason.endswith(".") and (not one.hint or one.hint.endswith(".")) for one in found)
    assert "geheim" not in repr(found)
