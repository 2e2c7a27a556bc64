"""`manage.py check_mailbox ADDRESS`"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import tenancy
from accounts.management.base import DeskCommand, system
from accounts.permissions import permit
from conversations.channels.email import trials
from conversations.models import Inbound, MailboxAddress


class Command(DeskCommand):
    """Asks the servers of a mailbox."""

    help = """Ask the servers of a mailbox now, and print what is found: one line for fetching and one for sending.

Ends with 1 when one of them does not work. Nothing is fetched or sent. The last line on stdout is ok or fault.

Example: manage.py check_mailbox support@acme.example"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", metavar="ADDRESS", help="the address of the mailbox, or an alias")

    def run(self, **options: Any) -> None:
        wanted = options["address"].strip().lower()
        # An address belongs to one workspace of the installation.
        row = MailboxAddress.all_workspaces.select_related("mailbox", "workspace").filter(address=wanted).first()
        if row is None:
            raise CommandError(f"no mailbox has the address {wanted}: see create_mailbox")
        with tenancy.scope(row.workspace):
            permit(system(row.workspace), "mailbox.read", row)
            found = trials.of_mailbox(row.mailbox)
        for one in found:
            style = self.style.SUCCESS if one.is_ok else self.style.ERROR
            self.stdout.write(f"{style('ok   ' if one.is_ok else 'fault')} {one.part}: {one.text} {one.hint}".rstrip())
        if row.mailbox.inbound != Inbound.IMAP:
            self.say(f"Mail is brought here: {row.mailbox.get_inbound_display()}.")
        if not row.mailbox.smtp:
            self.say("Replies are sent by the mail server of the installation: see doctor.")
        is_fine = all(one.is_ok for one in found)
        self.stdout.write("ok" if is_fine else "fault")
        if not is_fine:
            sys.exit(1)
