"""`manage.py create_operator EMAIL --workspace SLUG --role ROLE --password-stdin`"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from accounts import actions, clock
from accounts.management.base import DeskCommand, find_workspace, system
from accounts.permissions import Actor, Role
from accounts.queries import has_proven, person_by_email


class Command(DeskCommand):
    """Gives a person a place in a workspace, making the person first if need be."""

    help = """Add a person to a workspace: create them if their email is new, else change the given values.

A new person needs --password-stdin. For an existing person, the role in this workspace is set, the name if --name is
given, and the password only with --password-stdin. Running it twice changes nothing.
The password is read from standard input, so that it appears neither in the shell's history nor in the process list.
The last line on stdout is the email as stored: trimmed and in lower case.

Example: echo "$PASSWORD" | manage.py create_operator ada@example.com --workspace acme --role owner --password-stdin"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="what the person signs in with")
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace to add the person to")
        parser.add_argument(
            "--role",
            required=True,
            choices=Role.values,
            help="owner: everything; admin: everything except owners; agent: answers; viewer: reads",
        )
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
        parser.add_argument("--name", help="the person's name")
        parser.add_argument(
            "--superuser", action="store_true", help="can open every workspace in administration and manage people"
        )

    @transaction.atomic
    def run(self, **options: Any) -> None:
        workspace, by, at = find_workspace(options["workspace"]), Actor.installation("Operator command"), clock.now()
        password = sys.stdin.read().rstrip("\r\n") if options["password_stdin"] else None
        user = person_by_email(options["email"])
        if user is None:
            if password is None:
                raise CommandError("this person is new: give a password on standard input with --password-stdin")
            user = actions.create_person(
                email=options["email"],
                name=options["name"] or "",
                password=password,
                is_superuser=options["superuser"],
                by=by,
                at=at,
            )
            self.say(f"Made {user.email}")
        else:
            if not has_proven(user, options["email"]):
                raise CommandError(
                    f"{user.email} was never verified by the person who signs in with it: "
                    "let them verify it on their account page, or send an invitation (manage.py invite)"
                )
            if options["name"] is not None:
                actions.rename_person(user=user, name=options["name"], by=by, at=at)
            if options["superuser"]:
                actions.set_superuser(user=user, is_superuser=True, by=by, at=at)
            if password is not None:
                actions.change_password(user=user, password=password, by=by, at=at)
                self.say(f"Changed the password of {user.email}")
            user.refresh_from_db()
        actions.add_member(
            workspace=workspace, user=user, role=Role(options["role"]), by=system(workspace), at=clock.now()
        )
        self.say(f"{user} is {options['role']} of {workspace.name}")
        self.stdout.write(user.email)
