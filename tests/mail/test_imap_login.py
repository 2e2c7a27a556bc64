"""Getting into a mailbox: encryption, passwords, tokens, and servers that are none."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from conversations.channels.email.wire import endpoints, imap, oauth
from conversations.channels.email.wire.connecting import LIMITS, Limits
from conversations.channels.email.wire.endpoints import Credentials, ImapServer
from conversations.channels.email.wire.errors import (
    CannotConnect,
    ConnectionLost,
    LoginRefused,
    MailServerError,
    NotUnderstood,
    Step,
)
from tests.mail_servers import dovecot as dovecots
from tests.mail_servers import outgoing, proxy
from tests.mail_servers import tokens as token_servers
from tests.mail_servers.certificates import Authority
from tests.mail_servers.dovecot import PASSWORD, Dovecot
from tests.mail_servers.tokens import TokenServer

SHORT = Limits(connect=5.0, silence=0.5, answer=5.0, goodbye=0.2)


@pytest.fixture(scope="module")
def secure(authority: Authority) -> Iterator[Dovecot]:
    """A Dovecot with TLS and STARTTLS."""
    with dovecots.running(authority.issue()) as found:
        yield found


def enter(server: ImapServer, credentials: Credentials, limits: Limits = LIMITS) -> None:
    """Log in and open the folder."""
    with imap.connect(server, credentials, limits=limits) as line:
        assert line.status().count == 0


@contextmanager
def scripted(greeting: bytes, answer: Callable[[bytes, bytes], bytes] | None = None) -> Iterator[int]:
    """A server that greets so, and answers to a tag and a command; without answers it hangs up."""

    def serve() -> None:
        with listener:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                try:
                    connection.sendall(greeting)
                    while answer is not None and (line := lines.readline()):
                        tag, _, command = line.strip().partition(b" ")
                        connection.sendall(answer(tag, command.upper()))
                except OSError:
                    pass  # the desk has left

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        try:
            listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it has served
        thread.join(timeout=60)


# --- Passwords ----------------------------------------------------------------------------------


def test_a_user_logs_in_by_password(dovecot: Dovecot, user: str) -> None:
    enter(*endpoints.parse_imap(dovecot.imap_url(f"{user}@desk.test")))


@pytest.mark.parametrize("password", ["wrong", "wröng", 'with "quotes" and \\', " "])
def test_a_refused_password_is_named(dovecot: Dovecot, user: str, password: str) -> None:
    with pytest.raises(LoginRefused, match="refused the password") as found:
        enter(ImapServer("127.0.0.1", dovecot.imap_port, "plain"), Credentials(user, password))
    assert not found.value.is_temporary
    assert found.value.step == Step.LOGIN
    assert "user" in found.value.hint


def test_a_server_that_takes_no_password_without_encryption_gets_none(dovecot: Dovecot, user: str) -> None:
    with (
        proxy.before(dovecot.imap_port, lambda data: data.replace(b"AUTH=PLAIN", b"LOGINDISABLED")) as line_to,
        pytest.raises(LoginRefused, match="no password on this connection"),
    ):
        enter(ImapServer("127.0.0.1", line_to.port, "plain"), Credentials(user, PASSWORD))
    assert PASSWORD.encode() not in line_to.sent


@pytest.mark.parametrize("user", ["with space", 'with"quote', "(list", "jürgen", "*"])
def test_a_user_of_any_letters_is_asked_for_and_nothing_else_is_sent(dovecot: Dovecot, user: str) -> None:
    with proxy.before(dovecot.imap_port) as line_to, pytest.raises(LoginRefused):
        enter(ImapServer("127.0.0.1", line_to.port, "plain"), Credentials(user, PASSWORD))
    assert user.encode() not in line_to.sent, "it is sent in base64"


def test_a_login_that_fails_for_a_moment_is_temporary() -> None:
    def answer(tag: bytes, command: bytes) -> bytes:
        if command == b"CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n"
        return tag + b" NO [UNAVAILABLE] busy\r\n"

    with scripted(b"* OK ready\r\n", answer) as port, pytest.raises(LoginRefused) as found:
        enter(ImapServer("127.0.0.1", port, "plain"), Credentials("ada", "pw"))
    assert found.value.is_temporary


@pytest.mark.parametrize(
    ("host", "hint"),
    [("imap.gmail.com", "app password or sign in with Google"), ("outlook.office365.com", "sign in with Microsoft")],
)
def test_providers_that_take_no_plain_passwords_are_named(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch, host: str, hint: str
) -> None:
    def here(name: str, port: int, *kinds: Any, **more: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", here)
    with pytest.raises(LoginRefused) as found:
        enter(ImapServer(host, dovecot.imap_port, "plain"), Credentials("ada", "wrong"))
    assert hint in found.value.hint


# --- Tokens -------------------------------------------------------------------------------------


def test_a_user_logs_in_by_a_token_until_it_is_revoked(user: str, settings: Any) -> None:
    with (
        token_servers.running() as tokens,
        dovecots.running(tokens_url=f"{tokens.url}/tokeninfo?access_token=") as found,
    ):
        tokens.configure(settings)
        token = _signed_in(tokens, user)
        server = ImapServer("127.0.0.1", found.imap_port, "plain")
        enter(server, Credentials(user, access_token=lambda: token.access))
        tokens.revoke()
        with pytest.raises(LoginRefused, match="refused the sign-in") as refused:
            enter(server, Credentials(user, access_token=lambda: token.access + "x"))
    assert not refused.value.is_temporary


def test_a_token_that_cannot_be_had_is_the_reason(dovecot: Dovecot, user: str) -> None:
    def gone() -> str:
        raise oauth.NeedsReconnecting("Google")

    with pytest.raises(oauth.NeedsReconnecting):
        enter(ImapServer("127.0.0.1", dovecot.imap_port, "plain"), Credentials(user, access_token=gone))


def _signed_in(tokens: TokenServer, user: str) -> oauth.Token:
    tokens.user = user
    provider = oauth.provider("google")
    going = oauth.begin(provider, redirect_uri="https://desk.example/back")
    code = tokens.sign_in(going.url)["code"]
    return oauth.exchange(provider, code=code, verifier=going.verifier, redirect_uri="https://desk.example/back")


# --- Encryption ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_connection_is_encrypted_from_the_first_byte(secure: Dovecot, user: str, host: str) -> None:
    with proxy.before(secure.imaps_port) as line_to:
        enter(ImapServer(host, line_to.port, "tls"), Credentials(user, PASSWORD))
    assert b"LOGIN" not in line_to.sent


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["plain", "starttls"])
def test_a_connection_is_encrypted_where_that_is_offered(
    secure: Dovecot, user: str, security: endpoints.Security
) -> None:
    with proxy.before(secure.imap_port) as line_to:
        enter(ImapServer("localhost", line_to.port, security), Credentials(user, PASSWORD))
    assert b"STARTTLS" in line_to.sent
    assert b"LOGIN" not in line_to.sent


@pytest.mark.usefixtures("trusted")
def test_what_somebody_slips_in_before_encryption_is_forgotten(secure: Dovecot, user: str) -> None:
    slipped = []

    def slipped_in(data: bytes) -> bytes:
        if b"Begin TLS negotiation now." not in data:
            return data
        slipped.append(data)
        return data + b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n"

    with proxy.before(secure.imap_port, slipped_in) as line_to:
        server = ImapServer("localhost", line_to.port, "starttls")
        with imap.connect(server, Credentials(user, PASSWORD)) as line:
            assert slipped
            assert line.is_encrypted


@pytest.mark.usefixtures("trusted")
def test_mail_comes_and_is_waited_for_over_tls(secure: Dovecot, user: str) -> None:
    with imap.connect(ImapServer("localhost", secure.imaps_port), Credentials(user, PASSWORD)) as line:
        assert line.wait(0.1) is False
        secure.deliver(user, b"Subject: one\r\n\r\n" + b"x" * 300_000 + b"\r\n")
        assert line.wait(60) is True
        raw = line.raw(1)
    assert raw is not None
    assert len(raw.data) > 300_000


def test_a_password_is_not_sent_without_encryption_where_that_is_wanted(dovecot: Dovecot, user: str) -> None:
    with proxy.before(dovecot.imap_port) as line_to, pytest.raises(CannotConnect, match="STARTTLS") as found:
        enter(ImapServer("127.0.0.1", line_to.port, "starttls"), Credentials(user, PASSWORD))
    assert PASSWORD.encode() not in line_to.sent
    assert found.value.step == Step.ENCRYPTION


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"is_self_signed": True}, "self-signed"),
        ({"is_expired": True}, "expired"),
        ({"host": "mail.example.com"}, "another name"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_named(
    authority: Authority, user: str, how: dict[str, Any], reason: str
) -> None:
    with dovecots.running(authority.issue(**how)) as found:
        for port, security in ((found.imaps_port, "tls"), (found.imap_port, "plain")):
            with proxy.before(port) as line_to, pytest.raises(CannotConnect, match=reason) as refused:
                enter(ImapServer("localhost", line_to.port, security), Credentials(user, PASSWORD))
            assert refused.value.step == Step.ENCRYPTION
            assert not refused.value.is_temporary
            assert b"LOGIN" not in line_to.sent


def test_a_certificate_of_an_unknown_authority_is_named(secure: Dovecot, user: str) -> None:
    with pytest.raises(CannotConnect, match="does not trust"):
        enter(ImapServer("localhost", secure.imaps_port, "tls"), Credentials(user, PASSWORD))


def test_a_port_without_tls_is_named(dovecot: Dovecot, user: str) -> None:
    with pytest.raises(CannotConnect, match="does not speak TLS"):
        enter(ImapServer("127.0.0.1", dovecot.imap_port, "tls"), Credentials(user, PASSWORD))


def test_a_port_that_wants_tls_first_is_named(secure: Dovecot, user: str) -> None:
    with pytest.raises(CannotConnect) as found:
        enter(ImapServer("127.0.0.1", secure.imaps_port, "plain"), Credentials(user, PASSWORD), SHORT)
    assert found.value.step == Step.GREETING
    assert "993" in found.value.hint


# --- Servers that are none ----------------------------------------------------------------------


def test_a_private_address_is_not_connected_to(dovecot: Dovecot, user: str, settings: Any) -> None:
    settings.ALLOW_PRIVATE_HOSTS = False
    with proxy.before(dovecot.imap_port) as line_to, pytest.raises(CannotConnect, match="private network") as found:
        enter(ImapServer("localhost", line_to.port, "plain"), Credentials(user, PASSWORD))
    assert line_to.connections == 0
    assert not found.value.is_temporary


def test_a_name_that_does_not_exist_is_named() -> None:
    with pytest.raises(CannotConnect, match="No server with the name") as found:
        enter(ImapServer("no-such-host.invalid"), Credentials("ada", "pw"))
    assert found.value.step == Step.NAME


def test_a_closed_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(CannotConnect, match=f"takes no connections on port {port}") as found:
        enter(ImapServer("127.0.0.1", port, "plain"), Credentials("ada", "pw"))
    assert found.value.step == Step.CONNECTION


def test_a_server_that_says_nothing_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(CannotConnect, match="says nothing"):
        enter(ImapServer("127.0.0.1", silent.getsockname()[1], "plain"), Credentials("ada", "pw"), SHORT)


def test_a_server_of_another_kind_is_named() -> None:
    with outgoing.running() as smtp, pytest.raises(CannotConnect, match="not an IMAP server"):
        enter(ImapServer("127.0.0.1", smtp.port, "plain"), Credentials("ada", "pw"))


@pytest.mark.parametrize(
    ("greeting", "answered"),
    [
        (b"", b""),
        (b"* BYE go away\r\n", b""),
        (b"* OK ready\r\n", b"garbage\r\n"),
        (b"* OK [CAPABILITY IMAP4rev1] \xff\xfe\r\n", b"\xff\xfe\r\n"),
        (b"* OK ready\r\n", b"* CAPABILITY {99999999999}\r\n"),
        (b"x" * 100_000 + b"\r\n", b""),
        (b"* PREAUTH\r\n", b"\r\n"),
        (b"* OK ready\r\n", b"* CAPABILITY IMAP4rev1\r\n* 1 FETCH (((((\r\nTAG OK \r\n"),
        (b"* OK ready\r\n", b"* CAPABILITY IMAP4rev1\r\nTAG BAD \r\n"),
        (b"* OK ready\r\n", b"+ \r\n"),
        (b"* OK ready\r\n", b"* BYE \r\nTAG OK \r\n"),
        (b"* OK ready\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS ID\r\nTAG OK \r\n"),
    ],
)
def test_a_server_that_makes_no_sense_is_left_with_a_reason(greeting: bytes, answered: bytes) -> None:
    def answer(tag: bytes, command: bytes) -> bytes:
        return answered.replace(b"TAG", tag)

    with scripted(greeting, answer if answered else None) as port, pytest.raises(MailServerError) as found:
        enter(ImapServer("127.0.0.1", port, "plain"), Credentials("ada", "pw"), SHORT)
    assert isinstance(found.value, CannotConnect | ConnectionLost | NotUnderstood | LoginRefused)
    assert found.value.reason.endswith(".")
