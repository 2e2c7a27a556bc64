"""The door for mail servers: real LMTP and SMTP clients hand mails over; what is acknowledged is kept, and nobody holds it up."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections
from hypothesis import given
from hypothesis import settings as made_up
from hypothesis import strategies as st

from accounts import tenancy
from accounts.models import Workspace
from config import doctor, env
from config.doctor import State
from config.env import Door
from conversations.channels.email import door as door_module
from conversations.channels.email import storing
from conversations.channels.email.door import keeping, talking
from conversations.models import Inbound, InboundMail, Mailbox, MailSource, MailState, Message
from tests.email.letters import letter
from tests.factories import MailboxFactory
from tests.runtime.machine import DEADLINE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mailbox(acme: Workspace) -> Mailbox:
    return MailboxFactory(
        workspace=acme, address="support@acme.example", aliases=["help@acme.example"], inbound=Inbound.DOOR
    )


@pytest.fixture
def opened(settings: Any) -> Iterator[Callable[[Door], Door]]:
    """Opens a door as a worker does, in a loop of its own."""
    with _Doors(settings) as doors:
        yield doors.open


class _Doors:
    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.ends: list[asyncio.Event] = []
        self.held: list[Any] = []

    def __enter__(self) -> _Doors:
        self.thread.start()
        return self

    def open(self, wanted: Door) -> Door:
        self.settings.MAIL_DOOR = wanted
        begun = threading.Event()

        async def hold() -> None:
            self.ends.append(end := asyncio.Event())
            async with door_module.running():
                begun.set()
                await end.wait()

        self.held.append(asyncio.run_coroutine_threadsafe(hold(), self.loop))
        assert begun.wait(DEADLINE)
        return wanted

    def close(self, number: int) -> None:
        self.loop.call_soon_threadsafe(self.ends[number].set)
        self.held[number].result(DEADLINE)

    def __exit__(self, *args: object) -> None:
        for number in range(len(self.held)):
            self.close(number)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(DEADLINE)
        self.loop.close()
        connections.close_all()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def at_port(protocol: str = "lmtp") -> Door:
    return Door(protocol, "127.0.0.1", free_port(), "")


def connected(door: Door) -> smtplib.SMTP:
    """A client at the door, as soon as it is open."""
    kind = smtplib.LMTP if door.protocol == "lmtp" else smtplib.SMTP
    end = threading.Event()
    for _ in range(int(DEADLINE * 20)):
        try:
            client = kind(door.path or door.host, door.port, timeout=DEADLINE) if door.protocol == "lmtp" else kind(
                door.host, door.port, timeout=DEADLINE
            )  # fmt: skip
        except OSError:
            end.wait(0.05)
        else:
            client.ehlo("mx.example")
            return client
    raise AssertionError("the door did not open")


def replied(client: smtplib.SMTP, command: str) -> tuple[int, bytes]:
    return client.docmd(command)


def handed(client: smtplib.SMTP, raw: bytes, *recipients: str, sender: str = "ada@example.com") -> list[str]:
    """Hand a mail over; the answer to it for each recipient, or the one for all."""
    assert replied(client, f"MAIL FROM:<{sender}>")[0] == 250
    for one in recipients:
        assert replied(client, f"RCPT TO:<{one}>")[0] == 250
    assert replied(client, "DATA")[0] == 354
    client.send(raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n.\r\n")
    count = len(recipients) if isinstance(client, smtplib.LMTP) else 1
    return [f"{code} {text.decode()}" for code, text in (client.getreply() for _ in range(count))]


@contextmanager
def inside(workspace: Workspace) -> Iterator[None]:
    with tenancy.scope(workspace):
        yield


Opened = Callable[[Door], Door]


@pytest.mark.parametrize("protocol", ["lmtp", "smtp"])
def test_mail_that_is_acknowledged_is_in_the_desk(
    mailbox: Mailbox, acme: Workspace, opened: Opened, protocol: str
) -> None:
    with connected(opened(at_port(protocol))) as client:
        assert client.esmtp_features["size"] == "26214400"
        assert {"8bitmime", "smtputf8", "pipelining"} <= client.esmtp_features.keys()
        client.sendmail("ada@example.com", ["support@acme.example"], letter("Through the door."))
        with inside(acme):  # right after the answer
            mail = InboundMail.objects.get()
            assert (mail.source, mail.state, Message.objects.get().body) == (
                MailSource.DOOR,
                MailState.READ,
                "Through the door.",
            )
            with mail.raw.open("rb") as file:
                assert file.read().startswith(
                    b"Return-Path: <ada@example.com>\r\nDelivered-To: support@acme.example\r\n"
                )


def test_mail_comes_through_a_socket_too(mailbox: Mailbox, acme: Workspace, opened: Opened, tmp_path: Path) -> None:
    with connected(opened(Door("lmtp", "", 0, str(tmp_path / "lmtp")))) as client:
        assert handed(client, letter(), "support@acme.example") == [keeping.KEPT]
    with inside(acme):
        assert InboundMail.objects.count() == 1


def test_plus_addresses_and_aliases_are_known_and_others_are_not(mailbox: Mailbox, opened: Opened) -> None:
    with connected(opened(at_port())) as client:
        client.docmd("MAIL FROM:<>")
        for address in ("Support@ACME.example", "support+anything@acme.example", "help@acme.example"):
            assert replied(client, f"RCPT TO:<{address}>")[0] == 250, address
        for address in (
            "nobody@acme.example",
            "support",
            "a..b@acme.example",
            '"a>b"@acme.example',
            "ü@acme.example",
            "",
        ):
            client.send(f"RCPT TO:<{address}>\r\n".encode())
            code, text = client.getreply()
            assert (code, text[:5]) == (550, b"5.1.1"), address


def test_each_recipient_of_lmtp_has_an_answer_and_a_mailbox_has_the_mail_once(
    mailbox: Mailbox, acme: Workspace, opened: Opened
) -> None:
    with inside(acme):
        MailboxFactory(workspace=acme, address="sales@acme.example", inbound=Inbound.DOOR)
    with connected(opened(at_port())) as client:
        answers = handed(client, letter(), "support@acme.example", "sales@acme.example", "help@acme.example")
    assert answers == [keeping.KEPT] * 3
    with inside(acme):
        assert InboundMail.objects.count() == 2
        assert Message.objects.count() == 1


def test_mail_without_a_sender_has_an_empty_return_path(mailbox: Mailbox, acme: Workspace, opened: Opened) -> None:
    with connected(opened(at_port())) as client:
        assert handed(client, letter(), "support@acme.example", sender="") == [keeping.KEPT]
    with inside(acme):
        assert InboundMail.objects.get().code == "automatic"


@pytest.mark.parametrize("protocol", ["lmtp", "smtp"])
def test_mail_server_that_got_no_answer_may_send_again(
    mailbox: Mailbox, acme: Workspace, opened: Opened, protocol: str
) -> None:
    raw = letter()
    with connected(opened(at_port(protocol))) as client:
        for _ in range(3):
            assert handed(client, raw, "support@acme.example") == [keeping.KEPT]
    with inside(acme):
        assert InboundMail.objects.count() == 1


@pytest.mark.parametrize("error", [OSError(28, "full"), OperationalError("gone"), ZeroDivisionError()])
def test_what_cannot_be_kept_is_not_acknowledged(
    mailbox: Mailbox, acme: Workspace, opened: Opened, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(**values: Any) -> None:
        raise error

    with connected(opened(at_port())) as client:
        with monkeypatch.context() as broken:
            broken.setattr(storing, "keep", fail)
            assert handed(client, letter("First."), "support@acme.example") == [keeping.LATER]
        with monkeypatch.context() as broken:
            broken.setattr(keeping.addressing, "mailbox_of", lambda address: fail())
            client.docmd("MAIL FROM:<a@b.c>")
            assert replied(client, "RCPT TO:<support@acme.example>")[0] // 100 == 4
            client.rset()
        assert handed(client, letter("Second."), "support@acme.example") == [keeping.KEPT]
    with inside(acme):
        assert [message.body for message in Message.objects.all()] == ["Second."]


def test_lines_of_any_length_and_dots_arrive_as_they_were(mailbox: Mailbox, acme: Workspace, opened: Opened) -> None:
    text = ".\r\n..two\r\n.one\r\n" + "x" * 300_000 + "\r\n." + "y" * 70_000
    raw = b"From: ada@example.com\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text.encode()
    with connected(opened(at_port())) as client:
        client.sendmail("ada@example.com", ["support@acme.example"], raw)
    with inside(acme), InboundMail.objects.get().raw.open("rb") as file:
        assert file.read().partition(b"\r\n\r\n")[2] == text.encode() + b"\r\n"


def test_mail_that_is_too_large_is_refused_and_the_mailbox_says_so(
    mailbox: Mailbox, acme: Workspace, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "LARGEST", 10_000)
    with connected(opened(at_port())) as client:
        assert replied(client, "MAIL FROM:<a@b.c> SIZE=10001")[0] == 552
        answers = handed(client, letter("x" * 20_000), "support@acme.example", "help@acme.example")
        assert answers == [keeping.TOO_LARGE] * 2
        assert handed(client, letter("Small."), "support@acme.example") == [keeping.KEPT]
    with inside(acme):
        assert Mailbox.objects.get().refusals["too_large"]["count"] == 1
        assert InboundMail.objects.count() == 1


def test_more_mail_at_once_than_there_is_memory_comes_later(
    mailbox: Mailbox, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "MEMORY", 10_000)
    with connected(opened(at_port())) as client:
        assert handed(client, letter("x" * 20_000), "support@acme.example") == [talking.NO_ROOM]
        assert handed(client, letter("Small."), "support@acme.example") == [keeping.KEPT]


def test_clients_that_stall_hold_nobody_up_and_are_left(
    mailbox: Mailbox, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "DATA_TIME", 0.2)
    monkeypatch.setattr(talking, "COMMAND_TIME", 0.2)
    door = opened(at_port())
    stalled = [connected(door) for _ in range(5)]
    for client in stalled[:3]:
        client.send(b"MAIL FROM:<a@b.c>\r\nRCPT TO:<support@acme.example>\r\nDATA\r\nFrom: half")
    monkeypatch.setattr(talking, "COMMAND_TIME", 60.0)
    with connected(door) as client:
        assert handed(client, letter(), "support@acme.example") == [keeping.KEPT]
    for client in stalled:
        assert client.sock is not None
        while client.sock.recv(1000):
            pass  # the door closes it
        client.close()


def test_connections_are_limited(mailbox: Mailbox, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talking, "CONNECTIONS", 2)
    door = opened(at_port())
    first, _second = connected(door), connected(door)
    with socket.create_connection((door.host, door.port), timeout=DEADLINE) as third:
        assert third.recv(100).startswith(b"421 4.3.2")
    first.quit()
    assert handed(connected(door), letter(), "support@acme.example") == [keeping.KEPT]


def test_client_that_leaves_in_the_middle_leaves_nothing(mailbox: Mailbox, acme: Workspace, opened: Opened) -> None:
    door = opened(at_port())
    client = connected(door)
    client.send(b"MAIL FROM:<a@b.c>\r\nRCPT TO:<support@acme.example>\r\nDATA\r\nFrom: half\r\n")
    client.close()
    with connected(door) as other:
        assert handed(other, letter(), "support@acme.example") == [keeping.KEPT]
    with inside(acme):
        assert InboundMail.objects.count() == 1


def test_second_worker_takes_the_door_over(
    mailbox: Mailbox, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "AGAIN", 0.05)
    for wanted in (at_port(), Door("lmtp", "", 0, str(tmp_path / "lmtp"))):
        with _Doors(settings) as doors:
            doors.open(wanted)
            with connected(wanted):
                doors.open(wanted)
            doors.close(0)
            with connected(wanted) as client:
                assert handed(client, letter(f"To {wanted.path}."), "support@acme.example") == [keeping.KEPT]
            doors.held.pop(0), doors.ends.pop(0)


def test_addresses_and_mails_may_be_in_any_script(mailbox: Mailbox, acme: Workspace, opened: Opened) -> None:
    with connected(opened(at_port())) as client:
        client.send("MAIL FROM:<ünï@exämple.com> SIZE=100 BODY=8BITMIME SMTPUTF8\r\n".encode())
        assert client.getreply()[0] == 250
        assert replied(client, "RCPT TO:<support@acme.example>")[0] == 250
        assert replied(client, "DATA")[0] == 354
        client.send("From: ünï@exämple.com\r\nSubject: Grüße 請求書\r\n\r\nÄÖÜ\r\n.\r\n".encode())
        assert client.getreply()[0] == 250
    with inside(acme):
        assert (InboundMail.objects.get().subject, Message.objects.get().body) == ("Grüße 請求書", "ÄÖÜ")


HOSTILE = [
    b"\x00" * 1000, b"\xff\xfe\r\n" * 20, b"MAIL\r\nRCPT\r\nDATA\r\nLHLO\r\nEHLO\r\nHELO x\r\n", b"A" * 200_000 + b"\r\n", b"LHLO " + b"(" * 1500 + b"\r\n",
    b"MAIL FROM:<" + b'"' * 1500 + b">\r\n", b"MAIL FROM:<a@b.c> SIZE=x\r\nMAIL FROM:<a@b.c> X=1 Y\r\n", b"AUTH PLAIN AAAA\r\nSTARTTLS\r\nVRFY <a>\r\nEXPN x\r\nHELP x\r\nNOOP\r\n",
    b"MAIL FROM:<a@b.c>\r\nRCPT TO:<\xff\xfe\x00@acme.example>\r\nRCPT TO:support@acme.example\r\nDATA\r\n" + b"\x00\r\r\n.\n" * 100 + b"\r\n.\r\n",
    b"MAIL FROM:<a@b.c>\r\nRCPT TO:<support@acme.example>\r\nDATA\r\n.\r\nMAIL FROM:<a@b.c>\r\nMAIL FROM:<a@b.c>\r\nDATA x\r\n",
]  # fmt: skip


def test_any_bytes_stop_nobody(
    mailbox: Mailbox, acme: Workspace, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    door = opened(at_port())
    for piece in HOSTILE:
        client = connected(door)
        assert client.sock is not None
        client.sock.sendall(piece + b"\r\n.\r\nQUIT\r\n")
        answers = b""
        while some := client.sock.recv(65536):
            answers += some
        assert answers
        client.close()
    with connected(door) as client:
        assert handed(client, letter("Afterwards."), "support@acme.example") == [keeping.KEPT]
    assert "door_failed" not in caplog.text
    assert "never retrieved" not in caplog.text
    with inside(acme):
        assert Message.objects.filter(body="Afterwards.").exists()


def test_doctor_says_whether_the_door_is_open(mailbox: Mailbox, opened: Opened, settings: Any, tmp_path: Path) -> None:
    for wanted in (at_port("smtp"), Door("lmtp", "", 0, str(tmp_path / "lmtp"))):
        settings.MAIL_DOOR = wanted
        assert doctor._door().state is State.ADVICE
        with connected(opened(wanted)):
            assert doctor._door().state is State.OK


def test_without_the_setting_there_is_no_door(settings: Any) -> None:
    settings.MAIL_DOOR = None

    async def hold() -> None:
        async with door_module.running() as loss:
            assert not loss.done()  # type: ignore[attr-defined]

    asyncio.run(hold())


@made_up(max_examples=100)
@given(arg=st.text(max_size=60) | st.from_regex(r"<[^>]*>.*", fullmatch=True))
def test_any_address_is_read(arg: str) -> None:
    address, rest = talking._Talk._getaddr(None, arg)  # type: ignore[arg-type]
    assert (address is None) == (rest is None) or address is None


def test_threads_let_go_of_the_database_when_nobody_comes(
    mailbox: Mailbox, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "REST", 0.05)
    before = sessions()
    with connected(opened(at_port())) as client:
        assert handed(client, letter(), "support@acme.example") == [keeping.KEPT]
        assert sessions() > before
    pause = threading.Event()
    for _ in range(int(DEADLINE * 20)):
        if sessions() == before:
            return
        pause.wait(0.05)
    raise AssertionError("the door keeps connections")


def sessions() -> int:
    """Connections to the database of the tests."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        row = cursor.fetchone()
        assert row is not None
        return int(row[0])


# --- The setting ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "door"),
    [
        ("", None),
        ("lmtp://127.0.0.1:8024", Door("lmtp", "127.0.0.1", 8024, "")),
        ("smtp://localhost:2525", Door("smtp", "127.0.0.1", 2525, "")),
        ("smtp://[::1]:2525/", Door("smtp", "::1", 2525, "")),
        ("lmtp://10.1.2.3:24", Door("lmtp", "10.1.2.3", 24, "")),
        ("lmtp:///run/parley/lmtp", Door("lmtp", "", 0, "/run/parley/lmtp")),
        ("smtp://0.0.0.0:25?public=yes", Door("smtp", "0.0.0.0", 25, "")),
    ],
)
def test_setting_says_where_the_door_is(monkeypatch: pytest.MonkeyPatch, value: str, door: Door | None) -> None:
    monkeypatch.setenv("MAIL_DOOR", value)
    assert env.door("MAIL_DOOR") == door


@pytest.mark.parametrize(
    "value",
    [
        "smtp://0.0.0.0:25", "lmtp://[::]:24", "smtp://8.8.8.8:25", "smtp://mail.example.com:25", "http://127.0.0.1:25", "lmtp://127.0.0.1",
        "lmtp:relative", "lmtp://u:p@127.0.0.1:24", "lmtp://127.0.0.1:99999", "smtp://0.0.0.0:25?public=no", "lmtp", "smtp://127.0.0.1:25/x", "smtp://[::1:25",
    ],
)  # fmt: skip
def test_door_that_others_could_reach_is_refused_unless_it_is_meant(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("MAIL_DOOR", value)
    with pytest.raises(ImproperlyConfigured):
        env.door("MAIL_DOOR")
