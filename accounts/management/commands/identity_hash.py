"""`manage.py identity_hash --workspace SLUG EMAIL`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts.credentials import identity
from accounts.management.base import DeskCommand, find_workspace


class Command(DeskCommand):
    """Prints the proof of a customer's email."""

    help = """Print a customer's identity hash: what a backend sends with a client key as X-User-Hash.

It is the lower-case hex HMAC-SHA256 of the trimmed, lower-cased email, keyed with the workspace's identity secret as
text, alone on the last line. Compute it on your own server in production; this is for trying out and for checking.

Example: manage.py identity_hash --workspace acme jane@customer.example"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace whose secret signs")
        parser.add_argument("email", help="the customer's email")

    def run(self, **options: Any) -> None:
        self.stdout.write(identity.email_hash(find_workspace(options["workspace"]), options["email"]))
