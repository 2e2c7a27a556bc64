"""LMTP (RFC 2033) and SMTP (RFC 5321) as the door speaks them: on the loop, with the database in threads.

Of aiosmtpd's own: the commands. Here: addresses as they are really written, mails with lines of any length, an answer for each
recipient in LMTP, and limits, so that a client that stalls, or sends too much, holds up nobody.
"""

from __future__ import annotations

import asyncio
import collections
import logging
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import close_old_connections, connections

from conversations.channels.email.addressing import LARGEST
from conversations.channels.email.door import keeping
from conversations.channels.email.door.keeping import Recipient

logger = logging.getLogger(__name__)
T = TypeVar("T")

THREADS = 4
CONNECTIONS = 50
RECIPIENTS = 100
MEMORY = 128 * 1024 * 1024  # bytes of mails that are being handed over
COMMAND_TIME = 120.0  # seconds until the next command
DATA_TIME = 300.0  # seconds for a whole mail
WORK_TIME = 240.0  # seconds for the desk to keep it
REST = 20.0  # seconds after the last client until the threads let go of the database
READ = 64 * 1024  # bytes of a line that are read at once
COMMAND = 2048  # bytes of a command
_PATH = re.compile(r'<(?:@[^:<>]*:)?((?:"(?:[^"\\]|\\.)*"|[^"<>])*)>(.*)', re.DOTALL)
BUSY = "421 4.3.2 Too many connections, try again later"
NO_ROOM = "452 4.3.1 Too much mail at once, try again later"


class Room:
    """What all connections share: how many there are, how much they hold, and the threads."""

    def __init__(self, protocol: str) -> None:
        self.kind: type[SMTP] = LmtpTalk if protocol == "lmtp" else SmtpTalk
        self.talks: set[Any] = set()
        self.held = 0
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="door")
        self.is_closed = False
        self._rest: asyncio.TimerHandle | None = None

    def talk(self) -> SMTP:
        """The protocol of a new connection."""
        return self.kind(self, loop=asyncio.get_running_loop())

    async def close(self) -> None:
        """End all connections. What is being kept is kept; it is not acknowledged, and comes again."""
        for one in list(self.talks):
            if one.transport is not None:
                one.transport.close()
        self._let_go()
        self.is_closed = True
        await asyncio.get_running_loop().run_in_executor(None, self.pool.shutdown)

    def leave(self, talk: Any) -> None:
        """A connection has ended. Some time after the last one, the threads let go of the database."""
        self.talks.discard(talk)
        if self._rest is not None:
            self._rest.cancel()
        self._rest = asyncio.get_running_loop().call_later(REST, self._rested)

    def _rested(self) -> None:
        if not self.talks and not self.is_closed:
            self._let_go()

    def _let_go(self) -> None:
        all_of_them = threading.Barrier(THREADS)
        for _ in range(THREADS):
            self.pool.submit(_disconnected, all_of_them)

    async def ask(self, call: Callable[..., T], *args: Any) -> T:
        """Call a function in a thread. Raises TimeoutError after a while; the function goes on."""
        work = asyncio.get_running_loop().run_in_executor(self.pool, partial(_connected, call, *args))
        return await asyncio.wait_for(asyncio.shield(work), WORK_TIME)


def _connected(call: Callable[..., T], *args: Any) -> T:
    """On a connection to the database that is sound."""
    close_old_connections()
    try:
        return call(*args)
    finally:
        close_old_connections()


def _disconnected(all_of_them: threading.Barrier) -> None:
    """Close this thread's connection. Each thread waits for the others, so that none does it twice and another one never."""
    with suppress(threading.BrokenBarrierError):
        all_of_them.wait(WORK_TIME)
    connections.close_all()


class Portion:
    """A mail as far as it has come, and its share of the memory. `refusal` is the answer where it is not taken."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.content = bytearray()
        self.size = 0
        self.refusal: str | None = None

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.refusal is not None:
            return
        if self.size > LARGEST or self.room.held + len(piece) > MEMORY:
            self.refusal = keeping.TOO_LARGE if self.size > LARGEST else NO_ROOM
            self.release()
            return
        self.room.held += len(piece)
        self.content += piece

    def release(self) -> None:
        self.room.held -= len(self.content)
        self.content.clear()


class Letter(Envelope):
    """A mail that is being handed over."""

    def __init__(self) -> None:
        super().__init__()
        self.recipients: list[Recipient] = []


class _Handler:
    """What becomes of the commands."""

    def __init__(self, room: Room) -> None:
        self.room = room

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Letter, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", responses[-1]]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Letter, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Letter, address: str, options: list[str]
    ) -> str:
        if len(envelope.recipients) >= RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        found = await self.room.ask(keeping.find, address)
        if isinstance(found, str):
            return found
        envelope.recipients.append(found)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Letter) -> str:
        return "250 2.0.0 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Letter) -> str:
        return "221 2.0.0 Bye"

    async def handle_exception(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return keeping.LATER
        logger.error("door_failed", exc_info=error)
        return "451 4.3.0 The desk failed, try again later"


class _Talk(SMTP):
    line_length_limit = READ
    is_lmtp = False

    def __init__(self, room: Room, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            _Handler(room),
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            hostname="parley",
            ident="ready",
            timeout=COMMAND_TIME,
            loop=loop,
        )
        self.command_size_limits = collections.defaultdict(lambda: COMMAND)
        self.command_size_limit = COMMAND
        self.room = room

    def _create_envelope(self) -> Envelope:
        return Letter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.room.talks.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.room.leave(self)
        super().connection_lost(error)

    def eof_received(self) -> bool | None:
        super().eof_received()
        return False  # a client that sends no more does not wait for an answer either

    def _timeout_cb(self) -> None:
        if self.transport is not None:
            self.transport.write(b"421 4.4.2 Too slow\r\n")  # type: ignore[attr-defined]
        super()._timeout_cb()  # type: ignore[no-untyped-call]

    async def _handle_client(self) -> None:
        if len(self.room.talks) > CONNECTIONS:
            await self.push(BUSY)
            if self.transport is not None:
                self.transport.close()
            return
        try:
            await super()._handle_client()
        except ConnectionError:
            pass  # the client has left

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """The address of a command and what is behind it. Addresses need not be as they should: `a..b@example.com` exists."""
        text = (arg or "").strip()
        if text.startswith("<"):
            found = _PATH.match(text)
            return (found[1].strip() or "<>", found[2].strip()) if found else (None, None)
        address, _, rest = text.partition(" ")
        return address or None, rest.strip()

    async def smtp_DATA(self, arg: str) -> None:
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        letter = self.envelope
        assert isinstance(letter, Letter)
        if not letter.recipients:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        self._reset_timeout(DATA_TIME)
        portion = Portion(self.room)
        try:
            await self._receive(portion)
            self._reset_timeout(WORK_TIME + 30)
            await self.push("\r\n".join(await self._answers(letter, portion)))
        finally:
            portion.release()
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        self._reset_timeout()

    async def _receive(self, portion: Portion) -> None:
        """Read on to the line with a dot alone. A line may be of any length: it is read in pieces."""
        begins_line = True
        while True:
            try:
                piece = await self._reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError as error:
                piece = await self._reader.read(error.consumed)
            if begins_line and piece == b".\r\n":
                return
            portion.add(piece[1:] if begins_line and piece.startswith(b".") else piece)
            begins_line = piece.endswith(b"\r\n")

    async def _answers(self, letter: Letter, portion: Portion) -> list[str]:
        """One for each recipient in LMTP, and one for all in SMTP."""
        if portion.refusal is not None:
            answers = [portion.refusal] * len(letter.recipients)
            if portion.refusal == keeping.TOO_LARGE:
                await self.room.ask(keeping.note_too_large, letter.recipients)
        else:
            raw = bytes(portion.content)
            try:
                answers = await self.room.ask(keeping.keep, letter.mail_from or "", letter.recipients, raw)
            except TimeoutError:
                answers = [keeping.LATER] * len(letter.recipients)
        if self.is_lmtp:
            return answers
        for one in (keeping.LATER, keeping.KEPT):  # what comes again is not doubled
            if one in answers:
                return [one]
        return answers[:1]


class SmtpTalk(_Talk):
    """SMTP."""


class LmtpTalk(_Talk, LMTP):
    """LMTP."""

    is_lmtp = True
