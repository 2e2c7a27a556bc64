"""`manage.py reset_second_factor --email EMAIL`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import actions, clock
from accounts.management.base import DeskCommand
from accounts.permissions import Actor
from accounts.queries import person_by_email


class Command(DeskCommand):
    """Takes a person's second factors away, so that they sign in with their password alone."""

    help = """Take away the authenticator app, the passkeys and the recovery codes of a person who has lost them.

They then sign in with their password. Where a workspace requires a second factor, they are asked to set one up again.
Make sure that it is this person who asks. The last line on stdout is how many were taken away.

Example: manage.py reset_second_factor --email ada@example.com"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="what the person signs in with")

    def run(self, **options: Any) -> None:
        user = person_by_email(options["email"])
        if user is None:
            raise CommandError(f"there is no person with the email {options['email']}")
        count = actions.reset_second_factor(user=user, by=Actor.installation("Operator command"), at=clock.now())
        self.say(f"{user.email} signs in with the password alone")
        self.stdout.write(str(count))
