"""A login at an IMAP server, for reading one folder: what is new since a UID, a mail's bytes, and waiting for more.

Nothing is changed there: the folder is opened for reading alone, so that no mail is marked as seen. What can go wrong raises
MailServerError; after ConnectionLost a new session has to be opened.
"""

from __future__ import annotations

import datetime
import imaplib
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from imapclient.imapclient import SENT

from conversations.channels.email.wire import imap_login
from conversations.channels.email.wire.connecting import LIMITS, Limits
from conversations.channels.email.wire.endpoints import Credentials, ImapServer
from conversations.channels.email.wire.errors import (
    ConnectionLost,
    FolderMissing,
    MailServerError,
    NotUnderstood,
    Step,
)
from conversations.channels.email.wire.imap_answers import (
    Found,
    Header,
    Raw,
    Status,
    body_of,
    message_id_in,
    received_at,
    size_of,
)
from conversations.channels.email.wire.imap_client import Client

__all__ = ["Found", "Header", "Raw", "Session", "Status", "connect"]

CHUNK = 200  # mails whose headers are asked for at once
LARGEST = 25 * 1024 * 1024  # bytes of a mail that is read whole
HEADERS = 256 * 1024  # bytes of headers, and of
BEGINNING = 64 * 1024  # text that are read of a larger one
RENEW = 9 * 60.0  # seconds of one IDLE: routers forget connections on which nothing is sent for longer
POLL = 30.0  # seconds between two questions where there is no IDLE
LOOK = 1.0  # seconds until it is seen that waiting is to end


def connect(server: ImapServer, credentials: Credentials, *, limits: Limits = LIMITS) -> Session:
    """A session in the server's folder. Raises CannotConnect, LoginRefused, FolderMissing or another MailServerError."""
    client = imap_login.logged_in(server, credentials, limits)
    session = Session(client, server)
    try:
        session.status()
    except BaseException:
        session.close()
        raise
    return session


class Session:
    """One login and one open folder; used by one thread at a time, in a `with` statement."""

    def __init__(self, client: Client, server: ImapServer) -> None:
        self._client = client
        self._server = server
        self._is_lost = False
        self._refuses_idle = False
        self._is_mail_pending = False
        self._uid_next: int | None = None
        self._sizes: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def has_idle(self) -> bool:
        """Whether the server announces new mail by itself."""
        with self._use():
            return not self._refuses_idle and bool(self._client.has_capability("IDLE"))

    @property
    def is_encrypted(self) -> bool:
        return isinstance(self._client.socket(), ssl.SSLSocket)

    def status(self) -> Status:
        """The folder as it is now. Raises NotUnderstood where its UIDs do not last."""
        self._keep_announcement()
        found = self._examine(self._server.folder)
        self._client.forget_announcements()  # it tells how many mails there are, new or not
        if not found.get(b"UIDVALIDITY") or b"UIDNOTSTICKY" in found:
            raise NotUnderstood("The server gives mails no lasting numbers.", step=Step.FOLDER, is_temporary=False)
        following = found.get(b"UIDNEXT") or max(self._search("ALL"), default=0) + 1
        if self._uid_next not in (None, following):
            self._is_mail_pending = True  # no announcement follows
        self._uid_next = following
        return Status(found[b"UIDVALIDITY"], following, found[b"EXISTS"])

    def headers_since(self, uid: int) -> Iterator[Header]:
        """The mails from this UID on, in order, without their texts; asked for in chunks as they are taken."""
        self._forget_announcement()  # what was announced is in what is found now
        # A server answers n:* with its last mail where there is none from n on.
        yield from self._headers([one for one in self._search("UID", f"{uid}:*") if one >= uid])

    def since(self, at: datetime.datetime) -> Iterator[Header]:
        """The mails that the server received at this time or later, in order, likewise."""
        # Servers compare days alone, by clocks of their own.
        uids = self._search("SINCE", (at - datetime.timedelta(days=1)).date())
        for header in self._headers(uids):
            if header.received_at is None or header.received_at >= at:
                yield header

    def raw(self, uid: int, limit: int = LARGEST) -> Raw | None:
        """The bytes of a mail; None when it is gone. Of one that is larger than `limit` the headers and 64 KB."""
        size = self._sizes.get(uid)
        if size is None:
            size = size_of(self._fetch([uid], ["RFC822.SIZE"]).get(uid, {}))
        if size <= limit:
            # Not all servers count right, so that the limit holds for what is sent, too.
            found = self._fetch([uid], ["INTERNALDATE", f"BODY.PEEK[]<0.{limit + 1}>"]).get(uid, {})
            data = body_of(found)
            if data is not None and len(data) <= limit:
                return Raw(uid, data, len(data), received_at(found), is_whole=True)
        return self._beginning(uid)

    def search_message_id(self, message_id: str) -> list[Found]:
        """Where mails with this Message-ID are, in the folder and in the one for sent mail."""
        if not message_id.isascii() or not message_id.isprintable() or not message_id.strip("<> "):
            return []
        self._keep_announcement()
        folders = dict.fromkeys([self._server.folder, *self._sent_folders()])
        try:
            return [found for folder in folders for found in self._search_in(folder, message_id)]
        finally:
            self._client.forget_announcements()  # of the other folder
            self.status()

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        """Wait for new mail for so long, or until `stop` is set: whether some may have come.

        Raises ConnectionLost on a dead connection: at once where it was closed, else when the server is asked, after the
        seconds or nine minutes.
        """
        end = time.monotonic() + seconds
        stop = stop or threading.Event()
        with self._use():
            while not self._is_mail_announced and not stop.is_set() and (left := end - time.monotonic()) > 0:
                if self.has_idle:
                    self._idle(min(left, RENEW), stop)
                else:
                    stop.wait(min(left, POLL))
                self._client.noop()
                self._client.check_bye()
            is_announced = self._is_mail_announced
            self._forget_announcement()
            return is_announced

    def close(self) -> None:
        """Log out, if the server is still there."""
        try:
            if not self._is_lost:
                self._client.logout()
        except (imaplib.IMAP4.error, OSError):
            pass  # it is gone already
        finally:
            self._client.shutdown()

    @property
    def _is_mail_announced(self) -> bool:
        return self._is_mail_pending or self._client.is_mail_announced

    def _keep_announcement(self) -> None:
        """Remember that mail was announced while the folder is opened anew."""
        self._is_mail_pending = self._is_mail_announced

    def _forget_announcement(self) -> None:
        self._is_mail_pending = False
        self._client.forget_announcements()

    @contextmanager
    def _use(self) -> Iterator[None]:
        """Turn what a command can raise into MailServerError."""
        try:
            yield
        except MailServerError:
            raise
        except (imaplib.IMAP4.abort, OSError) as error:
            self._is_lost = True
            is_silent = isinstance(error, TimeoutError)
            reason = "The server does not answer any more." if is_silent else "The connection broke."
            raise ConnectionLost(reason, step=Step.USE) from error
        except (imaplib.IMAP4.error, ValueError, LookupError, TypeError, AssertionError) as error:
            # The libraries say by all of these that they cannot read an answer.
            raise NotUnderstood("The server refused a command, or its answer makes no sense.", step=Step.USE) from error

    def _idle(self, seconds: float, stop: threading.Event) -> None:
        end = time.monotonic() + seconds
        try:
            self._client.begin_idle()
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            self._refuses_idle = True  # though it is offered, as behind some proxies
            return
        while not self._is_mail_announced and not stop.is_set() and (left := end - time.monotonic()) > 0:
            self._client.next_change(min(left, LOOK))
        self._client.end_idle()

    def _examine(self, folder: str) -> dict[bytes, Any]:
        try:
            with self._use():
                return dict(self._client.select_folder(folder, readonly=True))
        except NotUnderstood as error:
            raise FolderMissing(
                f"The folder {folder} cannot be opened.",
                step=Step.FOLDER,
                hint="Check its name; most mailboxes have INBOX.",
                is_temporary=False,
            ) from error

    def _search(self, *criteria: Any) -> list[int]:
        with self._use():
            return sorted(self._client.search(list(criteria)))

    def _fetch(self, uids: Sequence[int], parts: Sequence[str]) -> dict[int, dict[bytes, Any]]:
        with self._use():
            return dict(self._client.fetch(list(uids), list(parts)))

    def _headers(self, uids: list[int]) -> Iterator[Header]:
        for start in range(0, len(uids), CHUNK):
            yield from self._described(uids[start : start + CHUNK])

    def _described(self, uids: list[int]) -> list[Header]:
        try:
            found = self._fetch(uids, ["RFC822.SIZE", "INTERNALDATE", "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"])
        except NotUnderstood:
            if len(uids) == 1:
                return [Header(uids[0], 0, None, "")]
            middle = len(uids) // 2  # one mail is the cause: the others are not to be lost with it
            return self._described(uids[:middle]) + self._described(uids[middle:])
        self._sizes = {uid: size_of(listed) for uid, listed in found.items() if b"RFC822.SIZE" in listed}
        return [
            Header(uid, size_of(found[uid]), received_at(found[uid]), message_id_in(body_of(found[uid]) or b""))
            for uid in uids
            if uid in found and b"RFC822.SIZE" in found[uid]
        ]

    def _beginning(self, uid: int) -> Raw | None:
        parts = [f"BODY.PEEK[HEADER]<0.{HEADERS}>", f"BODY.PEEK[TEXT]<0.{BEGINNING}>", "RFC822.SIZE", "INTERNALDATE"]
        found = self._fetch([uid], parts).get(uid, {})
        header, text = body_of(found, b"BODY[HEADER]"), body_of(found, b"BODY[TEXT]")
        if header is None:
            return None
        return Raw(uid, header + (text or b""), size_of(found), received_at(found), is_whole=False)

    def _search_in(self, folder: str, message_id: str) -> Iterator[Found]:
        try:
            self._examine(folder)
        except FolderMissing:
            return
        # Servers look for a part of the header.
        for header in self._headers(self._search("HEADER", "MESSAGE-ID", message_id)):
            if header.message_id.strip("<>") == message_id.strip("<>"):
                yield Found(folder, header.uid)

    def _sent_folders(self) -> list[str]:
        try:
            with self._use():
                folder = self._client.find_special_folder(SENT)
        except NotUnderstood:
            return []  # a list of folders that cannot be read
        return [folder] if folder else []
