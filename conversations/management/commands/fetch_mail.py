"""Fetch the mails of a mailbox now, beside a running desk or without one."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts import tenancy
from accounts.management.base import DeskCommand
from conversations.channels.email import addressing, fetching, logins, watching
from conversations.channels.email.wire import imap
from conversations.channels.email.wire.errors import MailServerError
from conversations.models import Inbound


class Command(DeskCommand):
    help = (
        "Fetch the mails that are new in a mailbox, and with --days those of the last days. Prints how many came in.\n\n"
        "    manage.py fetch_mail support@acme.example --days 3"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", help="the address of the mailbox")
        parser.add_argument(
            "--days", type=int, help="also the mails of so many days before, without those that are here"
        )

    def run(self, **options: Any) -> None:
        address, days = options["address"], options["days"]
        mailbox = addressing.mailbox_of(address)
        if mailbox is None:
            raise CommandError(f"there is no mailbox {address}")
        if mailbox.inbound != Inbound.IMAP:
            raise CommandError("mail of this mailbox is not fetched: it is delivered to the desk")
        if days is not None and not 0 < days <= 3650:
            raise CommandError("--days takes a number from 1 to 3650")
        with tenancy.scope(mailbox.workspace):
            try:
                with imap.connect(*logins.imap(mailbox)) as session:
                    count = fetching.fetch(mailbox, session)
                    if days:
                        count += fetching.backfill(mailbox, session, days)
            except MailServerError as error:
                watching.failed(mailbox, error)
                raise CommandError(" ".join(filter(None, (error.reason, error.hint)))) from error
            watching.succeeded(mailbox)
        self.stdout.write(str(count))
