"""Handing mails to a real SMTP server: what was accepted, what was refused and for how long, and what nobody can know."""

from __future__ import annotations

import email
import logging
import socket
from collections.abc import Iterator

import pytest

from conversations.channels.email.wire import endpoints, smtp
from conversations.channels.email.wire.connecting import Limits
from conversations.channels.email.wire.endpoints import Credentials, SmtpServer
from conversations.channels.email.wire.errors import CannotConnect, LoginRefused
from conversations.channels.email.wire.refusals import Cause, of_reply
from conversations.channels.email.wire.smtp import Connection, Outcome
from tests.mail_servers import outgoing as servers
from tests.mail_servers import proxy
from tests.mail_servers.certificates import Authority
from tests.mail_servers.outgoing import Outgoing

SHORT = Limits(silence=0.5, delivery=0.5, answer=5.0, goodbye=0.5)
MAIL = b"Message-ID: <one@desk.example>\r\nSubject: One\r\n\r\nHello\r\n"
SENDER = "desk@desk.example"
ADA, BEN = "ada@customer.example", "ben@customer.example"


@pytest.fixture
def server() -> Iterator[Outgoing]:
    with servers.running() as found:
        yield found


def to(server: Outgoing, port: int = 0) -> Connection:
    return Connection(SmtpServer("127.0.0.1", port or server.port, "plain"))


def send(server: Outgoing, *recipients: str, data: bytes = MAIL, sender: str = SENDER) -> Outcome:
    """Send one mail on a connection of its own."""
    with to(server) as line:
        return line.send(sender, recipients or [ADA], data)


# --- Accepted -----------------------------------------------------------------------------------


def test_a_mail_is_taken_as_it_is(server: Outgoing) -> None:
    outcome = send(server, ADA, BEN)
    assert (outcome.accepted, dict(outcome.refused), outcome.failure) == ((ADA, BEN), {}, None)
    assert outcome.queued_as.endswith("queued as M1")
    [taken] = server.taken
    assert (taken.sender, taken.recipients, taken.data) == (SENDER, [ADA, BEN], MAIL)


def test_lines_and_dots_arrive_as_they_were_meant(server: Outgoing) -> None:
    send(server, data=b"Subject: x\n\n.\n..\r.hidden\r\n.\r\nMAIL FROM:<x@y>\nend")
    assert server.taken[0].data == b"Subject: x\r\n\r\n.\r\n..\r\n.hidden\r\n.\r\nMAIL FROM:<x@y>\r\nend\r\n"


def test_several_mails_go_over_one_connection(server: Outgoing) -> None:
    server.refused[BEN] = "550 5.1.1 unknown"
    with to(server) as line:
        outcomes = [line.send(SENDER, [who], MAIL) for who in (ADA, BEN, ADA)]
    assert [bool(outcome.accepted) for outcome in outcomes] == [True, False, True]
    assert server.connections == 1


def test_a_connection_that_the_server_closed_meanwhile_is_opened_again(server: Outgoing) -> None:
    with proxy.before(server.port) as line_to, to(server, line_to.port) as line:
        line.send(SENDER, [ADA], MAIL)
        line_to.cut()
        assert line.send(SENDER, [BEN], MAIL).accepted == (BEN,)
    assert [taken.recipients for taken in server.taken] == [[ADA], [BEN]]


def test_a_mail_that_must_not_come_back_has_an_empty_sender(server: Outgoing) -> None:
    assert send(server, sender="").accepted
    assert server.taken[0].sender == ""


def test_a_recipient_who_is_named_twice_gets_one(server: Outgoing) -> None:
    send(server, ADA, ADA)
    assert server.taken[0].recipients == [ADA]


def test_text_in_8_bits_is_announced(server: Outgoing) -> None:
    data = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\ngr\xc3\xbc\xc3\x9fe\r\n"
    send(server, data=data)
    assert "BODY=8BITMIME" in server.taken[0].options
    assert server.taken[0].data == data


def test_text_in_8_bits_is_written_in_7_for_a_server_that_takes_no_more(server: Outgoing) -> None:
    text = "From here: grüße\r\n".encode()
    data = (
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + text
    )
    with (
        proxy.before(server.port, lambda data: data.replace(b"8BITMIME", b"7BITMIME")) as line_to,
        to(server, line_to.port) as line,
    ):
        assert line.send(SENDER, [ADA], data).accepted
    [taken] = server.taken
    assert taken.data.isascii()
    assert email.message_from_bytes(taken.data).get_payload(decode=True) == text
    assert not any("BODY" in option for option in taken.options)


def test_the_size_of_a_mail_is_announced() -> None:
    with servers.running(size=100_000) as server:
        send(server)
    assert f"SIZE={len(MAIL)}" in server.taken[0].options


# --- Refused ------------------------------------------------------------------------------------


def test_a_refused_recipient_does_not_keep_the_mail_from_the_others(server: Outgoing) -> None:
    server.refused[ADA] = f"550 5.1.1 <{ADA}> no such user"
    outcome = send(server, ADA, BEN)
    assert outcome.accepted == (BEN,)
    refusal = outcome.refused[ADA]
    assert (refusal.code, refusal.enhanced, refusal.cause, refusal.is_permanent) == (550, "5.1.1", Cause.ADDRESS, True)
    assert refusal.reason == "This address does not exist."
    assert outcome.failure is None


def test_a_mail_whose_only_recipient_is_refused_has_failed_for_good(server: Outgoing) -> None:
    server.refused[ADA] = "550 no"
    outcome = send(server)
    assert outcome.failure is not None
    assert outcome.failure.is_permanent
    assert not server.taken


def test_a_mail_of_which_one_recipient_may_be_accepted_later_has_not_failed_for_good(server: Outgoing) -> None:
    server.refused |= {ADA: "550 5.1.1 no", BEN: "450 4.2.0 greylisted"}
    outcome = send(server, ADA, BEN)
    assert outcome.failure is not None
    assert not outcome.failure.is_permanent


@pytest.mark.parametrize(
    ("reply", "cause", "is_permanent"),
    [
        ("550 5.1.1 unknown", Cause.ADDRESS, True),
        ("550 unknown", Cause.ADDRESS, True),
        ("553 5.1.2 no such domain", Cause.ADDRESS, True),
        ("552 5.2.2 over quota", Cause.MAILBOX_FULL, True),
        ("452 4.2.2 over quota", Cause.MAILBOX_FULL, False),
        ("550 5.7.1 spam", Cause.POLICY, True),
        ("451 4.7.1 greylisted", Cause.POLICY, False),
        ("554 5.7.1 relay access denied", Cause.POLICY, True),
        ("450 busy", Cause.ADDRESS, False),
        ("550 rejected because 192.0.2.1 is in a black list: blocked using spamhaus", Cause.POLICY, True),
        ("550 Relaying denied", Cause.POLICY, True),
        ("550 5.4.1 Recipient address rejected: Access denied", Cause.ADDRESS, True),
        ("550 5.7.26 unauthenticated mail is not accepted due to the DMARC policy", Cause.POLICY, True),
        ("421 4.3.2 closing", Cause.SERVER, False),
        ("552 too big", Cause.SIZE, True),
        ("530 5.7.0 Authentication required", Cause.LOGIN, False),
        ("550 5.7.60 cannot send as this sender", Cause.SENDER, True),
        ("501 5.5.4 syntax", Cause.SERVER, True),
    ],
)
def test_a_reply_says_what_it_is_about_and_for_how_long(reply: str, cause: Cause, is_permanent: bool) -> None:
    refusal = of_reply(int(reply[:3]), reply[4:], at_recipient=True)
    assert (refusal.cause, refusal.is_permanent) == (cause, is_permanent)
    assert refusal.reason.endswith(".")


@pytest.mark.parametrize(
    ("reply", "is_permanent"), [("554 5.7.1 looks like spam", True), ("451 4.3.0 try again", False)]
)
def test_a_mail_that_is_refused_after_its_text_is_not_accepted_by_anyone(
    server: Outgoing, reply: str, is_permanent: bool
) -> None:
    server.data_reply = reply
    outcome = send(server, ADA, BEN)
    assert outcome.accepted == ()
    assert outcome.failure is not None
    assert outcome.failure.is_permanent is is_permanent
    assert not outcome.is_uncertain


def test_a_refused_sender_is_named_as_the_cause(server: Outgoing) -> None:
    server.sender_reply = "553 5.1.8 sender domain not found"
    outcome = send(server)
    assert outcome.failure is not None
    assert (outcome.failure.cause, outcome.failure.is_permanent) == (Cause.SENDER, True)
    with to(server) as line:
        refusal = line.check_sender(SENDER)
    assert refusal is not None
    assert refusal.cause is Cause.SENDER


def test_a_sender_that_is_no_address_is_refused_without_asking(server: Outgoing) -> None:
    with to(server) as line:
        refusal = line.check_sender("desk>\r\nRCPT TO:<x@y>")
    assert refusal is not None
    assert refusal.is_permanent
    outcome = send(server, sender="no address")
    assert outcome.failure is not None
    assert outcome.failure.cause is Cause.SENDER
    assert server.senders == []


def test_a_sender_is_checked_without_sending(server: Outgoing) -> None:
    with to(server) as line:
        assert line.check_sender(SENDER) is None
        assert line.send(SENDER, [ADA], MAIL).accepted
    assert server.senders == [SENDER, SENDER]
    assert len(server.taken) == 1


def test_a_mail_that_is_larger_than_the_server_says_is_not_sent() -> None:
    with servers.running(size=2 * 1024 * 1024) as server:
        outcome = send(server, data=MAIL + b"x" * 3_000_000)
        assert server.senders == []
        assert send(server, data=MAIL + (b"x" * 70 + b"\r\n") * 20_000).accepted
    assert outcome.failure is not None
    assert (outcome.failure.cause, outcome.failure.is_permanent) == (Cause.SIZE, True)
    assert "2 MB" in outcome.failure.reason


@pytest.mark.parametrize(
    "recipient", ["", "ada", "a b@c.example", "a@b@c.example", "<a@b>", "a@b\r\nRCPT TO:<x@y>", "@b.example"]
)
def test_what_is_no_address_is_refused_and_never_sent(server: Outgoing, recipient: str) -> None:
    outcome = send(server, recipient, ADA)
    assert outcome.accepted == (ADA,)
    assert outcome.refused[recipient].is_permanent
    assert server.taken[0].recipients == [ADA]


def test_a_mail_without_recipients_has_failed(server: Outgoing) -> None:
    with to(server) as line:
        outcome = line.send(SENDER, [], MAIL)
    assert outcome.failure is not None
    assert outcome.failure.is_permanent


def test_an_address_keeps_its_punctuation(server: Outgoing) -> None:
    send(server, "o'neil+x/y=z!#$%&*?^_`{|}~@customer.example")
    assert server.taken[0].recipients == ["o'neil+x/y=z!#$%&*?^_`{|}~@customer.example"]


def test_a_domain_beyond_ascii_is_sent_in_ascii(server: Outgoing) -> None:
    assert send(server, "ada@müller.example").accepted == ("ada@müller.example",)
    assert server.taken[0].recipients == ["ada@xn--mller-kva.example"]


def test_an_address_beyond_ascii_is_sent_where_the_server_takes_it(server: Outgoing) -> None:
    assert send(server, "jürgen@customer.example").accepted
    assert server.taken[0].recipients == ["jürgen@customer.example"]
    assert "SMTPUTF8" in server.taken[0].options


def test_an_address_beyond_ascii_has_failed_for_good_where_the_server_does_not() -> None:
    with servers.running(knows_utf8=False) as server:
        outcome = send(server, "jürgen@customer.example", ADA)
        assert outcome.accepted == (ADA,)
        refusal = outcome.refused["jürgen@customer.example"]
        assert (refusal.is_permanent, refusal.enhanced) == (True, "5.6.7")
        assert "letters beyond ASCII" in refusal.reason
        failure = send(server, ADA, sender="jürgen@desk.example").failure
    assert failure is not None
    assert failure.is_permanent


def test_addresses_are_neither_logged_nor_printed(server: Outgoing, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.refused[ADA] = f"550 5.1.1 <{ADA}> no such user"
    print_of = repr(send(server, ADA, BEN))
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("conversations")]
    assert ADA not in print_of + "".join(ours)
    assert BEN not in print_of + "".join(ours)


# --- Connections that die -----------------------------------------------------------------------


@pytest.mark.parametrize("at", ["connect", "ehlo", "mail", "rcpt"])
def test_a_mail_whose_connection_breaks_before_its_text_was_not_taken(server: Outgoing, at: str) -> None:
    server.drop_at = at
    outcome = send(server)
    assert outcome.failure is not None
    assert (outcome.failure.cause, outcome.failure.is_permanent) == (Cause.CONNECTION, False)
    assert not outcome.is_uncertain
    assert not server.taken


def test_it_is_uncertain_whether_a_mail_was_taken_when_the_answer_is_lost(server: Outgoing) -> None:
    server.drop_at = "taken"
    outcome = send(server)
    assert outcome.is_uncertain
    assert outcome.accepted == ()
    assert len(server.taken) == 1


def test_a_mail_that_may_have_been_taken_is_not_sent_again_on_a_new_connection(server: Outgoing) -> None:
    with to(server) as line:
        line.send(SENDER, [ADA], MAIL)
        server.drop_at = "taken"
        assert line.send(SENDER, [BEN], MAIL).is_uncertain
        assert not line.is_open
    assert len(server.taken) == 2


def test_a_mail_whose_text_did_not_arrive_whole_was_not_taken(server: Outgoing) -> None:
    with proxy.before(server.port) as line_to, to(server, line_to.port) as line:
        line.open()
        line_to.cut_after_sent = 200_000
        outcome = line.send(SENDER, [ADA], MAIL + (b"x" * 70 + b"\r\n") * 200_000)
    assert outcome.failure is not None
    assert not outcome.is_uncertain
    assert not server.taken


def test_a_server_that_goes_silent_is_left(server: Outgoing) -> None:
    with proxy.before(server.port) as line_to, to(server, line_to.port) as line:
        line.open()
        line._client._limits = SHORT
        line_to.is_silent.set()
        outcome = line.send(SENDER, [ADA], MAIL)
        assert line_to.connections == 1
    assert outcome.failure is not None
    assert outcome.failure.cause is Cause.CONNECTION


def test_a_server_that_answers_without_end_is_left(server: Outgoing) -> None:
    def endless(data: bytes) -> bytes:
        return data.replace(b"250 OK\r\n", b"250-OK\r\n" * 40_000)

    with proxy.before(server.port, endless) as line_to, to(server, line_to.port) as line:
        outcome = line.send(SENDER, [ADA], MAIL)
    assert outcome.failure is not None
    assert outcome.failure.cause is Cause.CONNECTION
    assert not server.taken


def test_a_server_that_is_away_is_a_temporary_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with Connection(SmtpServer("127.0.0.1", port, "plain")) as line:
        outcome = line.send(SENDER, [ADA], MAIL)
    assert outcome.failure is not None
    assert (outcome.failure.cause, outcome.failure.is_permanent) == (Cause.CONNECTION, False)


def test_a_server_that_closes_for_maintenance_is_a_temporary_failure(server: Outgoing) -> None:
    server.refused[ADA] = "421 4.3.2 shutting down"
    with to(server) as line:
        outcome = line.send(SENDER, [ADA], MAIL)
        assert not line.is_open
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.is_permanent) == (421, False)


# --- Logins and encryption ----------------------------------------------------------------------


@pytest.mark.parametrize(("without", "used"), [((), "PLAIN"), (("PLAIN",), "LOGIN")])
def test_a_login_by_password(without: tuple[str, ...], used: str) -> None:
    with servers.running(wants_login=True, without=without) as server:
        target = SmtpServer("127.0.0.1", server.port, "plain")
        with smtp.connect(target, Credentials("désk@desk.example", servers.PASSWORD)) as line:
            assert line.send(SENDER, [ADA], MAIL).accepted
        assert server.logins == [used]
        assert server.taken[0].user == "désk@desk.example"


@pytest.mark.parametrize("password", ["wrong", "wröng", ""])
@pytest.mark.parametrize("without", [(), ("PLAIN",)])
def test_a_refused_password_is_named_and_stays_refused(without: tuple[str, ...], password: str) -> None:
    with servers.running(wants_login=True, without=without) as server:
        target = SmtpServer("127.0.0.1", server.port, "plain")
        with pytest.raises(LoginRefused, match="refused the password") as found:
            smtp.connect(target, Credentials("desk", password))
        assert not found.value.is_temporary
        with Connection(target, Credentials("desk", password)) as line:
            outcome = line.send(SENDER, [ADA], MAIL)
    assert outcome.failure is not None
    assert (outcome.failure.cause, outcome.failure.is_permanent) == (Cause.LOGIN, False)


def test_a_login_by_token_asks_for_the_token_each_time() -> None:
    tokens = iter(["first", "second"])
    with servers.running(wants_login=True) as server:
        server.tokens = {"first", "second"}
        target = SmtpServer("127.0.0.1", server.port, "plain")
        with Connection(target, Credentials("desk@desk.example", access_token=lambda: next(tokens))) as line:
            assert line.send(SENDER, [ADA], MAIL).accepted
            line.close()
            assert line.send(SENDER, [ADA], MAIL).accepted
        assert server.logins == ["XOAUTH2", "XOAUTH2"]
        assert server.taken[0].user == "desk@desk.example"


def test_a_refused_token_is_named_and_does_not_hang() -> None:
    with servers.running(wants_login=True) as server:
        target = SmtpServer("127.0.0.1", server.port, "plain")
        with pytest.raises(LoginRefused, match="refused the sign-in"):
            smtp.connect(target, Credentials("desk", access_token=lambda: "old"))


def test_a_server_that_wants_a_login_and_gets_none_says_so() -> None:
    with servers.running(wants_login=True) as server:
        outcome = send(server)
    assert outcome.failure is not None
    assert (outcome.failure.cause, outcome.failure.is_permanent) == (Cause.LOGIN, False)


def test_a_server_without_logins_is_named(server: Outgoing) -> None:
    with (
        proxy.before(server.port, lambda data: data.replace(b"AUTH", b"XUTH")) as line_to,
        pytest.raises(LoginRefused, match="no login"),
    ):
        smtp.connect(SmtpServer("127.0.0.1", line_to.port, "plain"), Credentials("desk", "pw"))


@pytest.mark.usefixtures("trusted")
def test_a_connection_is_encrypted_from_the_first_byte(authority: Authority) -> None:
    with servers.running(tls=authority.issue()) as server, proxy.before(server.port) as line_to:
        with smtp.connect(SmtpServer("localhost", line_to.port, "tls")) as line:
            assert line.send(SENDER, [ADA], MAIL).accepted
        assert b"MAIL" not in line_to.sent


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["plain", "starttls"])
def test_a_connection_is_encrypted_where_that_is_offered(authority: Authority, security: endpoints.Security) -> None:
    with servers.running(starttls=authority.issue(), wants_login=True) as server, proxy.before(server.port) as line_to:
        target = SmtpServer("localhost", line_to.port, security)
        with smtp.connect(target, Credentials("desk", servers.PASSWORD)) as line:
            assert line.send(SENDER, [ADA], MAIL).accepted
        assert b"STARTTLS" in line_to.sent
        assert b"AUTH" not in line_to.sent


def test_a_login_is_not_sent_without_encryption_where_that_is_wanted(server: Outgoing) -> None:
    with pytest.raises(CannotConnect, match="STARTTLS"):
        smtp.connect(SmtpServer("127.0.0.1", server.port, "starttls"), Credentials("desk", "pw"))
    assert server.logins == []


@pytest.mark.usefixtures("trusted")
def test_what_somebody_slips_in_before_encryption_is_forgotten(authority: Authority) -> None:
    slipped = []

    def slipped_in(data: bytes) -> bytes:
        if not data.startswith(b"220 Ready to start TLS"):
            return data
        slipped.append(data)
        return data + b"250-evil\r\n250 AUTH EVIL\r\n"

    with (
        servers.running(starttls=authority.issue(), wants_login=True) as server,
        proxy.before(server.port, slipped_in) as line_to,
        smtp.connect(SmtpServer("localhost", line_to.port, "plain"), Credentials("desk", servers.PASSWORD)) as line,
    ):
        assert slipped
        assert line.is_encrypted
        assert line.send(SENDER, [ADA], MAIL).accepted


@pytest.mark.usefixtures("trusted")
def test_a_certificate_that_is_not_trusted_ends_the_connection(authority: Authority) -> None:
    with (
        servers.running(starttls=authority.issue(is_self_signed=True)) as server,
        pytest.raises(CannotConnect, match="self-signed") as found,
    ):
        smtp.connect(SmtpServer("localhost", server.port, "plain"))
    assert not found.value.is_temporary
