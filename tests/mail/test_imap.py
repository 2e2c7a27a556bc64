"""Fetching by IMAP from a real Dovecot: cursors, large mails, waiting, and connections that die in every way."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from imapclient import IMAPClient

from conversations.channels.email.wire import endpoints, imap
from conversations.channels.email.wire.connecting import Limits
from conversations.channels.email.wire.errors import ConnectionLost, FolderMissing
from conversations.channels.email.wire.imap import Found, Session
from tests.mail_servers import dovecot as dovecots
from tests.mail_servers import proxy
from tests.mail_servers.dovecot import PASSWORD, Dovecot
from tests.mail_servers.proxy import Proxy
from tests.runtime.machine import DEADLINE, eventually

SHORT = Limits(silence=0.5, answer=5.0, goodbye=0.5)


def mail(name: str, text: str = "Hello") -> bytes:
    return f"Message-ID: <{name}@customer.example>\r\nSubject: {name}\r\n\r\n{text}\r\n".encode()


def limit(line: Session, limits: Limits) -> None:
    """Leave the server less time from here on: a busy machine may need more to connect."""
    line._client._imap._limits = line._client._imap._incoming._limits = limits


@contextmanager
def session(dovecot: Dovecot, user: str, port: int = 0, folder: str = "INBOX") -> Iterator[Session]:
    """A session of the user, through another port where one is given."""
    server, credentials = endpoints.parse_imap(dovecot.imap_url(user, folder))
    server = endpoints.ImapServer(server.host, port or server.port, server.security, server.folder)
    with imap.connect(server, credentials) as found:
        yield found


def put(dovecot: Dovecot, user: str, folder: str, data: bytes, at: datetime.datetime | None = None) -> None:
    """Put a mail into a folder, as received at a time."""
    with IMAPClient("127.0.0.1", dovecot.imap_port, ssl=False) as client:
        client.login(user, PASSWORD)
        client.append(folder, data, msg_time=at)


def ids(headers: Iterator[imap.Header]) -> list[tuple[int, str]]:
    return [(header.uid, header.message_id.strip("<>").partition("@")[0]) for header in headers]


# --- What is there ------------------------------------------------------------------------------


def test_mails_are_listed_from_a_uid_on(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail("one"), mail("two"), mail("three"))
    with session(dovecot, user) as line:
        assert ids(line.headers_since(2)) == [(2, "two"), (3, "three")]
        assert line.status().uid_next == 4


def test_no_mail_is_listed_when_none_is_new(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail("one"))
    with session(dovecot, user) as line:
        assert ids(line.headers_since(line.status().uid_next)) == []
        assert ids(line.headers_since(999)) == []


def test_an_empty_mailbox_has_a_status_and_no_mails(dovecot: Dovecot, user: str) -> None:
    with session(dovecot, user) as line:
        status = line.status()
        assert (status.uid_next, status.count) == (1, 0)
        assert status.uid_validity > 0
        assert ids(line.headers_since(1)) == []


def test_mails_are_listed_in_chunks_while_more_are_fetched(
    dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "CHUNK", 2)
    dovecot.deliver(user, *[mail(f"m{number}") for number in range(5)])
    with session(dovecot, user) as line:
        texts = [(header.message_id, line.raw(header.uid)) for header in line.headers_since(1)]
    assert len(texts) == 5
    assert all(raw is not None and message_id.encode() in raw.data for message_id, raw in texts)


def test_a_mail_that_the_server_cannot_describe_stops_no_other(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail("one"), mail("two"), mail("three"))

    def garbled(data: bytes) -> bytes:
        return data.replace(b"UID 2 RFC822.SIZE", b"UID ( RFC822.SIZE")

    with proxy.before(dovecot.imap_port, garbled) as line_to, session(dovecot, user, line_to.port) as line:
        found = list(line.headers_since(1))
    assert [(header.uid, header.size > 0) for header in found] == [(1, True), (2, False), (3, True)]


def test_a_mail_is_read_as_it_was_sent_and_not_marked_as_seen(dovecot: Dovecot, user: str) -> None:
    put(dovecot, user, "INBOX", data := mail("one") + b"\xff\xfe \x81 bytes\r\n")
    with session(dovecot, user) as line:
        raw = line.raw(1)
        assert raw is not None
        assert (raw.data, raw.is_whole, raw.size) == (data, True, len(data))
        assert line.raw(2) is None
    with IMAPClient("127.0.0.1", dovecot.imap_port, ssl=False) as client:
        client.login(user, PASSWORD)
        client.select_folder("INBOX", readonly=True)
        assert rb"\Seen" not in client.get_flags([1])[1]


def test_of_a_large_mail_the_headers_and_the_beginning_are_read(dovecot: Dovecot, user: str) -> None:
    text = "0123456789abcde\r\n" * 10_000
    put(dovecot, user, "INBOX", mail("large", text))
    with session(dovecot, user) as line:
        raw = line.raw(1, limit=100_000)
        assert raw is not None
        assert (raw.is_whole, raw.size) == (False, len(mail("large", text)))
        assert raw.data == mail("large", text)[: len(raw.data)]
        assert imap.BEGINNING <= len(raw.data) <= imap.BEGINNING + 200
        whole = line.raw(1, limit=len(mail("large", text)))
        assert whole is not None
        assert whole.is_whole


def test_a_server_that_understates_a_size_is_not_believed(dovecot: Dovecot, user: str) -> None:
    size = len(mail("large", "x" * 200_000))
    put(dovecot, user, "INBOX", mail("large", "x" * 200_000))

    def smaller(data: bytes) -> bytes:
        return data.replace(f"RFC822.SIZE {size}".encode(), b"RFC822.SIZE 10")

    with proxy.before(dovecot.imap_port, smaller) as line_to, session(dovecot, user, line_to.port) as line:
        raw = line.raw(1, limit=100_000)
    assert raw is not None
    assert not raw.is_whole
    assert len(raw.data) < 70_000


def test_mails_of_the_last_days_are_listed(dovecot: Dovecot, user: str) -> None:
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    for days in (9, 3, 1):
        put(dovecot, user, "INBOX", mail(f"d{days}"), now - datetime.timedelta(days=days))
    with session(dovecot, user) as line:
        found = list(line.since(now - datetime.timedelta(days=3)))
    assert ids(iter(found)) == [(2, "d3"), (3, "d1")]
    assert found[1].received_at == now - datetime.timedelta(days=1)


def test_a_message_id_is_found_in_the_inbox_and_in_sent_mail(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail("one"), mail("not-one"))
    put(dovecot, user, "Sent", mail("one"))
    with session(dovecot, user) as line:
        assert line.search_message_id("<one@customer.example>") == [Found("INBOX", 1), Found("Sent", 1)]
        assert line.search_message_id("<e@customer.example>") == [], "a part of one is not the same"
        assert ids(line.headers_since(2)) == [(2, "not-one")], "the inbox is open again"


@pytest.mark.parametrize(
    "message_id", ["", "<>", "<a\r\nA1 DELETE INBOX@b>", "<ö@b>", '<"a b\\"@c>', "<" + "a" * 4000 + ">"]
)
def test_no_message_id_is_found_for_what_is_none(dovecot: Dovecot, user: str, message_id: str) -> None:
    dovecot.deliver(user, mail("one"), b"Subject: without\r\n\r\n")
    with session(dovecot, user) as line:
        assert line.search_message_id(message_id) == []


def test_a_folded_message_id_is_read_whole(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, b"Message-Id:\r\n <folded@customer.example>\r\nSubject: x\r\n\r\n")
    with session(dovecot, user) as line:
        assert [header.message_id for header in line.headers_since(1)] == ["<folded@customer.example>"]


def test_renumbered_mails_are_noticed_by_uid_validity(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail("one"), mail("two"))
    with session(dovecot, user) as line:
        before = line.status()
    dovecot.forget_uids(user)
    with session(dovecot, user) as line:
        after = line.status()
        assert after.uid_validity != before.uid_validity
        assert sorted(name for _, name in ids(line.headers_since(1))) == ["one", "two"]


def test_a_folder_that_does_not_exist_is_named(dovecot: Dovecot, user: str) -> None:
    with pytest.raises(FolderMissing) as found, session(dovecot, user, folder="Support%20%C3%BC"):
        pass
    assert "Support ü" in found.value.reason
    assert not found.value.is_temporary


# --- Waiting ------------------------------------------------------------------------------------


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as found:
        yield found


def idles(line_to: Proxy, times: int = 1) -> None:
    eventually(lambda: line_to.sent.count(b" IDLE\r\n") >= times, "IDLE")


def test_waiting_ends_when_a_mail_comes(dovecot: Dovecot, user: str, pool: ThreadPoolExecutor) -> None:
    with proxy.before(dovecot.imap_port) as line_to, session(dovecot, user, line_to.port) as line:
        assert line.has_idle
        waiting = pool.submit(line.wait, DEADLINE)
        idles(line_to)
        dovecot.deliver(user, mail("one"))
        assert waiting.result() is True
        assert ids(line.headers_since(1)) == [(1, "one")]
        assert b"NOOP" in line_to.sent


def test_a_mail_that_came_before_the_wait_ends_it_at_once(dovecot: Dovecot, user: str) -> None:
    with session(dovecot, user) as line:
        dovecot.deliver(user, mail("one"))
        assert line.wait(DEADLINE) is True
        assert ids(line.headers_since(1)) == [(1, "one")]


def test_a_mail_that_was_announced_beside_another_answer_ends_the_wait(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail("one"))
    with session(dovecot, user) as line:
        dovecot.deliver(user, mail("two"))
        assert ids(line.headers_since(2)) == []  # its search was before the server looked
        assert line.wait(DEADLINE) is True
        assert ids(line.headers_since(2)) == [(2, "two")]


def test_a_mail_that_came_while_the_folder_was_looked_at_ends_the_wait(dovecot: Dovecot, user: str) -> None:
    with session(dovecot, user) as line:
        assert ids(line.headers_since(1)) == []
        dovecot.deliver(user, mail("one"))
        assert line.status().uid_next == 2
        assert line.wait(DEADLINE) is True
        dovecot.deliver(user, mail("two"))
        assert line.search_message_id("<two@customer.example>") == [Found("INBOX", 2)]
        assert line.wait(DEADLINE) is True
        assert ids(line.headers_since(1)) == [(1, "one"), (2, "two")]


def test_looking_at_a_folder_announces_nothing(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail("one"))
    with session(dovecot, user) as line:
        assert ids(line.headers_since(1)) == [(1, "one")]
        assert line.status().count == 1
        assert line.search_message_id("<one@customer.example>") == [Found("INBOX", 1)]
        assert line.raw(1) is not None
        assert line.wait(0.1) is False


def test_waiting_without_mail_ends_after_its_time_and_asks_the_server_again_meanwhile(
    dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "RENEW", 0.1)
    with proxy.before(dovecot.imap_port) as line_to, session(dovecot, user, line_to.port) as line:
        assert line.wait(0.35) is False
        assert line_to.sent.count(b" IDLE\r\n") >= 2
        assert line_to.sent.count(b"NOOP") == line_to.sent.count(b" IDLE\r\n")
        assert line.status().count == 0, "the connection goes on"


def test_waiting_ends_when_it_is_to_stop(dovecot: Dovecot, user: str, pool: ThreadPoolExecutor) -> None:
    stop = threading.Event()
    with proxy.before(dovecot.imap_port) as line_to, session(dovecot, user, line_to.port) as line:
        waiting = pool.submit(line.wait, DEADLINE * 10, stop)
        idles(line_to)
        stop.set()
        assert waiting.result(DEADLINE) is False


def test_a_server_without_idle_is_asked_now_and_then(
    dovecot: Dovecot, user: str, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "POLL", 0.05)
    with (
        proxy.before(dovecot.imap_port, lambda data: data.replace(b" IDLE", b" XDLE")) as line_to,
        session(dovecot, user, line_to.port) as line,
    ):
        assert not line.has_idle
        waiting = pool.submit(line.wait, DEADLINE)
        eventually(lambda: line_to.sent.count(b"NOOP") > 1, "NOOP")
        dovecot.deliver(user, mail("one"))
        assert waiting.result() is True
        assert b" IDLE\r\n" not in line_to.sent


def test_a_server_that_offers_idle_and_refuses_it_is_asked_now_and_then(
    dovecot: Dovecot, user: str, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "POLL", 0.05)
    with (
        proxy.before(dovecot.imap_port) as line_to,
        session(dovecot, user, line_to.port) as line,
    ):
        assert line.has_idle
        line_to.changed_sent = lambda data: data.replace(b" IDLE\r\n", b" XXXX\r\n")
        waiting = pool.submit(line.wait, DEADLINE)
        eventually(lambda: line_to.sent.count(b"NOOP") > 1, "NOOP")
        dovecot.deliver(user, mail("one"))
        assert waiting.result() is True
        assert not line.has_idle


def test_a_server_that_is_quiet_for_longer_than_an_answer_may_take_is_waited_for(
    dovecot: Dovecot, user: str, pool: ThreadPoolExecutor
) -> None:
    limits = Limits(answer=3.0)
    with proxy.before(dovecot.imap_port) as line_to, session(dovecot, user, line_to.port) as line:
        limit(line, limits)
        waiting = pool.submit(line.wait, DEADLINE)
        idles(line_to)
        began = time.monotonic()
        eventually(lambda: time.monotonic() > began + limits.answer)
        dovecot.deliver(user, mail("one"))
        assert waiting.result() is True


def test_mail_announced_before_the_server_begins_to_idle_ends_the_wait(dovecot: Dovecot, user: str) -> None:
    def early(data: bytes) -> bytes:
        return data.replace(b"+ idling\r\n", b"* 7 EXISTS\r\n+ idling\r\n")

    with proxy.before(dovecot.imap_port, early) as line_to, session(dovecot, user, line_to.port) as line:
        assert line.wait(DEADLINE) is True


def test_mail_announced_in_one_piece_with_the_begin_of_idle_ends_the_wait(dovecot: Dovecot, user: str) -> None:
    def together(data: bytes) -> bytes:
        return data.replace(b"+ idling\r\n", b"+ idling\r\n* 7 EXISTS\r\n")

    with proxy.before(dovecot.imap_port, together) as line_to, session(dovecot, user, line_to.port) as line:
        assert line.wait(DEADLINE) is True


# --- Connections that die -----------------------------------------------------------------------


def test_a_connection_that_is_killed_while_waiting_is_noticed_at_once(
    dovecot: Dovecot, user: str, pool: ThreadPoolExecutor
) -> None:
    with proxy.before(dovecot.imap_port) as line_to, session(dovecot, user, line_to.port) as line:
        waiting = pool.submit(line.wait, DEADLINE * 10)
        idles(line_to)
        line_to.cut()
        with pytest.raises(ConnectionLost):
            waiting.result(DEADLINE)
        with pytest.raises(ConnectionLost):
            line.wait(DEADLINE * 10)


def test_a_server_that_is_killed_while_waiting_is_noticed_at_once(user: str, pool: ThreadPoolExecutor) -> None:
    with (
        dovecots.running() as other,
        proxy.before(other.imap_port) as line_to,
        session(other, user, line_to.port) as line,
    ):
        waiting = pool.submit(line.wait, DEADLINE * 10)
        idles(line_to)
        other.kill_sessions()
        with pytest.raises(ConnectionLost):
            waiting.result(DEADLINE)


def test_a_connection_that_went_silent_is_noticed_when_the_server_is_asked(
    dovecot: Dovecot, user: str, pool: ThreadPoolExecutor
) -> None:
    with (
        proxy.before(dovecot.imap_port) as line_to,
        session(dovecot, user, line_to.port) as line,
    ):
        limit(line, SHORT)
        line_to.is_silent.set()
        with pytest.raises(ConnectionLost, match="does not answer"):
            line.wait(0.1)


def test_a_connection_that_is_killed_in_the_middle_of_a_mail_gives_no_half_mail(dovecot: Dovecot, user: str) -> None:
    put(dovecot, user, "INBOX", data := mail("large", "x" * 300_000))
    with proxy.before(dovecot.imap_port) as line_to:
        with session(dovecot, user, line_to.port) as line:
            assert line.status().count == 1
            line_to.cut_after = 100_000
            with pytest.raises(ConnectionLost):
                line.raw(1)
        with session(dovecot, user, line_to.port) as line:
            again = line.raw(1)
    assert again is not None
    assert again.data == data


def test_a_connection_that_is_killed_while_mails_are_listed_is_noticed(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, *[mail(f"m{number}") for number in range(30)])
    with proxy.before(dovecot.imap_port) as line_to, session(dovecot, user, line_to.port) as line:
        line_to.cut_after = 1_000
        with pytest.raises(ConnectionLost):
            list(line.headers_since(1))


def test_a_server_that_sends_a_byte_now_and_then_is_left_after_the_time_of_an_answer(
    dovecot: Dovecot, user: str, pool: ThreadPoolExecutor
) -> None:
    put(dovecot, user, "INBOX", mail("large", "x" * 100_000))
    with (
        proxy.before(dovecot.imap_port) as line_to,
        session(dovecot, user, line_to.port) as line,
    ):
        limit(line, Limits(answer=0.6))
        line_to.pause = 0.05  # after each 4 KB
        with pytest.raises(ConnectionLost):
            line.raw(1)


def test_a_server_that_says_more_than_it_was_asked_for_is_left(
    dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(dovecot, user, "INBOX", mail("one", "x" * 5_000))

    def endless(data: bytes) -> bytes:
        return data.replace(b"BODY[]<0> {", b"BODY[]<0> {9999999")

    with (
        proxy.before(dovecot.imap_port, endless) as line_to,
        session(dovecot, user, line_to.port) as line,
        pytest.raises(ConnectionLost),
    ):
        line.raw(1)
