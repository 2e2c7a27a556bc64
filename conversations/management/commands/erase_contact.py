"""`manage.py erase_contact --workspace SLUG --contact REFERENCE --yes`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import clock, tenancy
from accounts.management.base import DeskCommand, find_workspace, system
from conversations.privacy import actions, finding, tasks


class Command(DeskCommand):
    """Erases what is known of a customer, and waits until it is done."""

    help = """Erase all that a workspace knows of a customer: words, names, addresses, files and mails. It cannot be undone.

Conversations, tickets, their numbers and counts, and the journal stay. The last line on stdout is the number of conversations.
Run again after an interruption, it goes on where it was.

Example: manage.py erase_contact --workspace acme --contact ada@example.com --yes"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace of the customer")
        parser.add_argument(
            "--contact", required=True, metavar="REFERENCE", help="external id, public id, or an email address"
        )
        parser.add_argument("--yes", action="store_true", help="do not only say whom it would be")

    def run(self, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        with tenancy.scope(workspace):
            contact = finding.one(options["contact"])
            if not options["yes"]:
                raise CommandError(
                    f"this would erase {contact.display_name} ({contact.public_id}): repeat it with --yes"
                )
            erasure = actions.request_erasure(contact=contact, by=system(workspace), at=clock.now())
            counts = tasks.carry_out(erasure).counts
        self.say(", ".join(f"{name}: {count}" for name, count in sorted(counts.items())))
        self.stdout.write(str(counts.get("conversations", 0)))
