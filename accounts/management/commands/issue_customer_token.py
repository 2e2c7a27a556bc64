"""`manage.py issue_customer_token --workspace SLUG --external-id ID --email EMAIL`"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.core.validators import validate_email

from accounts import clock
from accounts.credentials import identity
from accounts.management.base import DeskCommand, amount, find_workspace


class Command(DeskCommand):
    """Prints a signed token that names a customer."""

    help = """Print a token that names a customer: what the Hexclave format takes as x-stack-access-token.

It is an HS256 JWT signed with the workspace's identity secret, with every claim that Hexclave's official client asks for
(docs/api.md lists them), alone on the last line.
Issue it on your own server in production; this is for trying out and for checking.

Example: manage.py issue_customer_token --workspace acme --external-id cus_42 --email jane@customer.example --name Jane"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace whose secret signs")
        parser.add_argument("--external-id", required=True, help="your own id of the customer")
        parser.add_argument("--email", required=True, help="the customer's email")
        parser.add_argument("--name", default="", help="the customer's name")
        parser.add_argument(
            "--ttl-minutes", type=amount, default=60.0, metavar="N", help="how long it is valid (default 60)"
        )

    def run(self, **options: Any) -> None:
        external_id, email = options["external_id"].strip(), options["email"].strip()
        if not 0 < len(external_id) <= 400:
            raise CommandError("external_id: 1 to 400 characters")
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"email: {email!r} is not an email address") from error
        token = identity.issue_token(
            find_workspace(options["workspace"]),
            external_id=external_id,
            email=email,
            name=options["name"].strip(),
            lifetime=timedelta(minutes=options["ttl_minutes"]),
            at=clock.now(),
        )
        self.stdout.write(token)
