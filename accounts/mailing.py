"""Mails that wait in a table of the desk, written in the transaction that wants them, and are sent by the worker, many at once.

A mail is sent at least once, and once in each attempt: its row is deleted as soon as the mail server has taken it, so that a
worker that is killed half-way repeats at most the one that was on its way. One that fails is tried again with growing pauses,
alone; while no mail server can be reached none is given up for days. Each attempt has the same Message-ID, by which a server
knows a mail that it has taken before. What a mail says is composed when it is sent, for all of its kind and workspace together.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac
from psycopg.types.json import Jsonb

from accounts import log_context, tenancy
from accounts.bell import Bell
from accounts.compiled import compiled_anywhere
from accounts.models import QueuedMail, Workspace

logger = logging.getLogger(__name__)

BATCH = 50
ATTEMPTS = 8  # within about six hours: after 4 s, 16 s, 64 s, and so on
ATTEMPTS_AWAY = 80  # within about three days, where no mail server can be reached
LONGEST_PAUSE_AWAY = 3600  # seconds
LEASE = 120  # seconds for which a mail is this sender's; then its worker is gone, and another takes it
BEGIN_WITHIN = 30.0  # seconds of the lease in which a mail may still be begun: a server that is silent takes the rest
BELL = Bell()
_AWAY = "away: "

Compose = Callable[[Sequence[QueuedMail]], Mapping[int, EmailMessage]]
GivenUp = Callable[[QueuedMail], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of mail. `compose` gives the mails of some rows of one workspace by their ids; who is left out gets none any more.

    `given_up` is called for one that could not be sent.
    """

    name: str
    compose: Compose
    given_up: GivenUp | None = None

    def queue(self, *abouts: Mapping[str, int], due_at: datetime | None = None) -> None:
        """Queue a mail for each of these, in the transaction and the workspace that are open; it is sent at once, or when it is due."""
        queue(self.name, *abouts, due_at=due_at)


_kinds: dict[str, Kind] = {}


def queue(kind: str, *abouts: Mapping[str, int], due_at: datetime | None = None) -> None:
    """Queue mails of a kind by its name: verbs do not import what composes them, which uses verbs itself. `due_at` as above."""
    if not abouts:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_queuedmail (workspace_id, kind, about, due_at)"
            " SELECT %s, %s, unnest(%s::jsonb[]), coalesce(%s::timestamptz, statement_timestamp())",
            [tenancy.current().pk, kind, [Jsonb(dict(about)) for about in abouts], due_at],
        )
    transaction.on_commit(BELL.ring)


def queue_once(kind: str, *wanted: tuple[Mapping[str, int], datetime]) -> None:
    """Queue mails that are due at a moment each, unless one about the same waits that is due by then: it says all when it is sent.

    That one is held, so that no sender composes it before the transaction is at its end.
    """
    if not wanted:
        return
    abouts, dues = [Jsonb(dict(about)) for about, _ in wanted], [due_at for _, due_at in wanted]
    workspace_id = tenancy.current().pk
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT given.place FROM unnest(%s::jsonb[], %s::timestamptz[]) WITH ORDINALITY AS given (about, due_at, place)"
            " JOIN accounts_queuedmail mail ON mail.workspace_id = %s AND mail.kind = %s AND mail.about = given.about"
            " AND mail.attempts = 0 AND mail.due_at <= given.due_at ORDER BY mail.id FOR UPDATE OF mail",
            [abouts, dues, workspace_id, kind],
        )
        waiting = {place for (place,) in cursor.fetchall()}
        new = [place for place in range(len(wanted)) if place + 1 not in waiting]
        if new:
            cursor.execute(
                "INSERT INTO accounts_queuedmail (workspace_id, kind, about, due_at)"
                " SELECT %s, %s, given.about, given.due_at FROM unnest(%s::jsonb[], %s::timestamptz[]) AS given (about, due_at)",
                [workspace_id, kind, [abouts[place] for place in new], [dues[place] for place in new]],
            )
    if new:
        transaction.on_commit(BELL.ring)


def kind(name: str, *, given_up: GivenUp | None = None) -> Callable[[Compose], Kind]:
    """Make a kind of mail of the function that composes it. Raises ValueError for a name that is taken."""

    def made(compose: Compose) -> Kind:
        if name in _kinds:
            raise ValueError(f"two kinds of mails are named {name}")
        _kinds[name] = found = Kind(name, compose, given_up)
        return found

    return made


def send_due() -> None:
    """Send all mails that are due. Several workers may do so at a time: each takes others."""
    while len(_send(_taken())) == BATCH:
        pass


def _taken() -> list[QueuedMail]:
    """The next due mails, which are this sender's for as long as the lease."""
    # As an array the sub-select runs once: one that is joined may run again for each row, and then takes more than its limit.
    rows = QueuedMail.all_workspaces.raw(  # a worker serves all workspaces
        "UPDATE accounts_queuedmail SET attempts = attempts + 1, due_at = statement_timestamp() + make_interval(secs => %s)"
        " WHERE id = ANY (ARRAY(SELECT id FROM accounts_queuedmail WHERE due_at <= statement_timestamp() ORDER BY due_at, id LIMIT %s"
        " FOR UPDATE SKIP LOCKED)) RETURNING id, workspace_id, kind, about, attempts, last_error",
        [LEASE, BATCH],
    )
    return sorted(rows, key=lambda row: (row.workspace_id, row.pk))


def _send(rows: list[QueuedMail]) -> list[QueuedMail]:
    end = time.monotonic() + BEGIN_WITHIN
    workspaces = {one.pk: one for one in _workspaces.rows(ids=[row.workspace_id for row in rows])} if rows else {}
    with line() as connected:
        for pk, theirs in groupby(rows, key=lambda row: row.workspace_id):
            workspace = workspaces[pk]
            with tenancy.scope_apart(workspace, "mails_failed workspace=%s", pk):
                for row, mail in _composed(list(theirs)):
                    with log_context.about({"mail": row.pk, "kind": row.kind}):
                        if time.monotonic() > end:
                            _put_back(row)
                        else:
                            error = mail if isinstance(mail, Exception) else connected.send(_named_once(row, mail))
                            _settle(row, error, is_away=error is not None and error is connected.away)
    return rows


@compiled_anywhere
def _workspaces(*, ids: list[int]) -> QuerySet[Workspace]:
    return Workspace.objects.filter(pk__any_of=ids).order_by("pk")


def _composed(rows: list[QueuedMail]) -> Iterator[tuple[QueuedMail, EmailMessage | Exception | None]]:
    """Each row with its mail, with None where nobody is to get one any more, or with what went wrong."""
    found: dict[int, EmailMessage | Exception] = {}
    for name in dict.fromkeys(row.kind for row in rows):
        found |= _compose(name, [row for row in rows if row.kind == name])
    for row in rows:
        yield row, found.get(row.pk)


def _compose(name: str, rows: list[QueuedMail]) -> dict[int, EmailMessage | Exception]:
    try:
        return dict(_kinds[name].compose(rows))
    except Exception as error:
        if len(rows) > 1:  # one of them is the cause: the others are not to wait for it
            return {pk: mail for row in rows for pk, mail in _compose(name, [row]).items()}
        logger.exception("mail_not_composed kind=%s id=%s", name, rows[0].pk)
        return {rows[0].pk: error}


class Line:
    """One connection to the mail server for a batch. Where none is to be had, the rest of the batch does not wait for it again."""

    def __init__(self) -> None:
        self.backend: BaseEmailBackend | None = None
        self.away: Exception | None = None

    def send(self, mail: EmailMessage | None) -> Exception | None:
        """What went wrong; None for a mail that was taken, and where there is none to send."""
        if mail is None:
            return None
        backend = mail.connection  # a mail may bring a server of its own
        if backend is None:
            if (away := self.reach()) is not None:
                return away
            backend = self.backend
        assert backend is not None
        try:
            backend.send_messages([mail])
        except Exception as error:  # whatever is wrong with one mail is not with the others
            if mail.connection is None:
                self.close()
            return error
        return None

    def reach(self) -> Exception | None:
        """Connect, unless it is; what went wrong, if it cannot be reached."""
        if self.backend is None and self.away is None:
            try:
                backend = get_connection()
                backend.open()
            except (OSError, SMTPException) as error:
                self.away = error
            else:
                self.backend = backend
        return self.away

    def close(self) -> None:
        backend, self.backend = self.backend, None
        if backend is not None:
            try:
                backend.close()
            except (OSError, SMTPException):
                pass  # it is gone already


@contextmanager
def line() -> Iterator[Line]:
    """A connection that is opened with the first mail and closed at the end."""
    opened = Line()
    try:
        yield opened
    finally:
        opened.close()


def _named_once(row: QueuedMail, mail: EmailMessage | None) -> EmailMessage | None:
    """The mail with the Message-ID of all attempts of its row, unless it has one."""
    if mail is not None and not any(name.lower() == "message-id" for name in mail.extra_headers):
        host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
        mail.extra_headers["Message-ID"] = f"<{row.pk}.{salted_hmac(row.kind, str(row.pk)).hexdigest()[:24]}@{host}>"
    return mail


def _settle(row: QueuedMail, error: Exception | None, *, is_away: bool = False) -> None:
    """Note what became of a mail. Attempts at a server that could not be reached do not count once it has been."""
    if error is not None:
        attempts = 1 if not is_away and row.last_error.startswith(_AWAY) else row.attempts
        if attempts < (ATTEMPTS_AWAY if is_away else ATTEMPTS):
            logger.info("mail_delayed kind=%s error=%s", row.kind, type(error).__name__)
            pause = min(4**attempts, LONGEST_PAUSE_AWAY) if is_away else 4**attempts
            _execute(
                "UPDATE accounts_queuedmail SET due_at = statement_timestamp() + make_interval(secs => %s), attempts = %s,"
                " last_error = %s WHERE id = %s",
                [pause, attempts, f"{_AWAY if is_away else ''}{_named(error)}", row.pk],
            )
            return
    if error is not None:
        logger.warning("mail_failed kind=%s about=%s error=%s", row.kind, row.about, _named(error))
        if row.kind in _kinds and (given_up := _kinds[row.kind].given_up) is not None:
            given_up(row)
    _execute("DELETE FROM accounts_queuedmail WHERE id = %s", [row.pk])


def _put_back(row: QueuedMail) -> None:
    """There was no time for a mail: it is due, as if it had not been taken."""
    _execute(
        "UPDATE accounts_queuedmail SET attempts = attempts - 1, due_at = statement_timestamp() WHERE id = %s", [row.pk]
    )


def _named(error: Exception) -> str:
    """The kind of a failure, without what a mail server says of addresses."""
    code = getattr(error, "smtp_code", "")
    return f"{type(error).__name__} {code}".strip()


def _execute(sql: str, values: Iterable[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
