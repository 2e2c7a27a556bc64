"""Who reads which mailbox: a worker holds a lease of each, waits there for new mail (IDLE), and comes back after a failure.

One thread a mailbox. A mailbox whose worker is gone is read by another as soon as its lease is over.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, connections
from django.db.models import Q

from accounts import clock, tenancy
from accounts.log_context import about
from accounts.permissions import Actor
from conversations.channels.email import actions, dropping, fetching, logins, receiving
from conversations.channels.email.wire import imap
from conversations.channels.email.wire.errors import LoginRefused, MailServerError
from conversations.models import Inbound, Mailbox, MailboxState

logger = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds between two looks for mailboxes that nobody reads
LEASE = timedelta(seconds=150)
WAIT = 45.0  # seconds of waiting for new mail, after which the lease is renewed and settings are read again
POLL = 5 * 60.0  # seconds after which a mailbox is asked even where its server announces nothing
PAUSES = (5.0, 15.0, 45.0, 120.0, 300.0)
MOST = 50
"""Mailboxes of one worker that are waited at; more are read by other workers, or as these are done."""


class Watchers:
    """The threads of this worker, one for each mailbox that it reads."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.threads: dict[int, threading.Thread] = {}

    def look(self) -> None:
        """Begin to read each mailbox that nobody reads."""
        self.threads = {pk: thread for pk, thread in self.threads.items() if thread.is_alive()}
        at = clock.now()
        free = Mailbox.all_workspaces.filter(  # a worker serves all workspaces
            Q(leased_until=None) | Q(leased_until__lt=at), inbound=Inbound.IMAP, state=MailboxState.ACTIVE
        )
        for mailbox in free.select_related("workspace").order_by("pk"):
            if len(self.threads) >= MOST or self.stop.is_set():
                return
            if mailbox.pk not in self.threads:
                thread = threading.Thread(target=self._read, args=(mailbox,), name=f"mailbox-{mailbox.pk}", daemon=True)
                self.threads[mailbox.pk] = thread
                thread.start()

    def end(self) -> None:
        """Stop reading, and give the mailboxes free for others."""
        self.stop.set()
        for thread in self.threads.values():
            thread.join(5)

    def _read(self, mailbox: Mailbox) -> None:
        try:
            with tenancy.scope(mailbox.workspace), about({"mailbox": mailbox.pk}):
                if _lease(mailbox):
                    _Watch(mailbox, self.stop).run()
        except Exception:
            logger.exception("mailbox_failed mailbox=%s", mailbox.pk)
        finally:
            connections.close_all()


class _Watch:
    """One mailbox, read for as long as it is active and its settings are the same."""

    def __init__(self, mailbox: Mailbox, stop: threading.Event) -> None:
        self.mailbox, self.stop = mailbox, stop
        self.known = mailbox.updated_at

    def run(self) -> None:
        failures = 0
        try:
            while self._goes_on():
                try:
                    with imap.connect(*logins.imap(self.mailbox)) as session:
                        while self._goes_on():
                            self._fetch(session)
                            failures = 0
                            connections.close_all()  # nobody needs one while it waits
                            session.wait(WAIT, self.stop)
                except (MailServerError, OSError, DatabaseError, InterfaceError) as error:
                    connections.close_all()
                    if not self._failed(error):
                        return
                    pause = PAUSES[min(failures, len(PAUSES) - 1)]
                    failures += 1
                    self.stop.wait(pause * random.uniform(0.8, 1.2))  # noqa: S311 - servers are not all asked at once
        finally:
            self._let_go()

    def _fetch(self, session: imap.Session) -> None:
        fetching.fetch(self.mailbox, session, self._goes_on)
        self.mailbox.refresh_from_db(fields=["backfill_days"], from_queryset=Mailbox.objects.all())
        if self.mailbox.backfill_days:
            fetching.backfill(self.mailbox, session, self.mailbox.backfill_days, self._goes_on)
        succeeded(self.mailbox)

    def _goes_on(self) -> bool:
        """Whether it is still this worker's to read, as it is; renews the lease."""
        if self.stop.is_set():
            return False
        rows = Mailbox.objects.filter(pk=self.mailbox.pk, state=MailboxState.ACTIVE, updated_at=self.known)
        return rows.update(leased_until=clock.now() + LEASE) == 1

    def _failed(self, error: Exception) -> bool:
        """Note why it cannot be read at present; False where only a person can mend that."""
        try:
            failed(self.mailbox, error)
            if isinstance(error, LoginRefused) and not error.is_temporary:
                by = Actor.system(self.mailbox.workspace_id, name="Email")
                actions.mark_disconnected(mailbox=self.mailbox, reason=error.reason, by=by, at=clock.now())
                return False
        except (DatabaseError, InterfaceError):
            connections.close_all()  # the database is away as well: the lease ends by itself
        return True

    def _let_go(self) -> None:
        try:
            Mailbox.objects.filter(pk=self.mailbox.pk).update(leased_until=None)
        except (DatabaseError, InterfaceError):
            pass  # it ends by itself


def succeeded(mailbox: Mailbox) -> None:
    """The mailbox was read just now."""
    Mailbox.objects.filter(pk=mailbox.pk).update(read_at=clock.now(), failing_since=None, failure="")


def failed(mailbox: Mailbox, error: Exception) -> None:
    """The mailbox could not be read."""
    reason = (
        error.reason
        if isinstance(error, MailServerError)
        else f"The desk could not keep what came in ({type(error).__name__})."
    )
    logger.warning("mailbox_unreachable mailbox=%s error=%s", mailbox.pk, type(error).__name__)
    rows = Mailbox.objects.filter(pk=mailbox.pk)
    rows.update(failure=reason)
    rows.filter(failing_since=None).update(failing_since=clock.now())


def _lease(mailbox: Mailbox) -> bool:
    at = clock.now()
    rows = Mailbox.objects.filter(Q(leased_until=None) | Q(leased_until__lt=at), pk=mailbox.pk)
    return rows.update(leased_until=at + LEASE) == 1


@asynccontextmanager
async def running() -> AsyncIterator[Awaitable[None]]:
    """Read mailboxes for as long as it is held."""
    watchers = Watchers()
    loop = asyncio.get_running_loop()

    async def repeat() -> None:
        while True:
            await loop.run_in_executor(None, _look, watchers)
            await asyncio.sleep(LOOK_EVERY)

    task = asyncio.ensure_future(repeat())
    try:
        yield task
    finally:
        task.cancel()
        watchers.stop.set()
        await loop.run_in_executor(None, watchers.end)


def _look(watchers: Watchers) -> None:
    try:
        watchers.look()
        dropping.look()
        receiving.process_waiting()
    except Exception:
        logger.exception("mailboxes_failed")
    finally:
        connections.close_all()
