"""`manage.py set_provider_key --address ADDRESS --name NAME < key`"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import clock, tenancy
from accounts.management.base import DeskCommand, system
from conversations.channels.email import actions, addressing, webhook_keys

_KEYS = "\n".join(f"  {name:<24} {what}" for name, what in webhook_keys.KEYS.items())
LONGEST = 10_000


class Command(DeskCommand):
    """Sets a key of a mailbox's webhook."""

    help = f"""Set a key by which the webhook of a mailbox knows its provider. The key is read from stdin; nothing there forgets it.
With a key, calls that are not signed with it are refused. The last line on stdout is the name of the key.

{_KEYS}

Example: manage.py set_provider_key --address support@acme.example --name mailgun_signing_key < key.txt"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", required=True, help="the address of the mailbox")
        parser.add_argument("--name", required=True, choices=list(webhook_keys.KEYS), help="which key it is")

    def run(self, **options: Any) -> None:
        address, name = options["address"], options["name"]
        mailbox = addressing.mailbox_of(address)
        if mailbox is None:
            raise CommandError(f"{address} is no mailbox of this desk")
        if sys.stdin.isatty():
            self.say(f"Enter {webhook_keys.KEYS[name]}, then Enter and Ctrl-D:")
        key = sys.stdin.read(LONGEST)
        with tenancy.scope(mailbox.workspace):
            actions.set_provider_keys(mailbox=mailbox, keys={name: key}, by=system(mailbox.workspace), at=clock.now())
        self.say(f"{mailbox.address}: {'set' if key.strip() else 'forgotten'}")
        self.stdout.write(name)
