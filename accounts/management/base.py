"""What the operator commands share. A command translates its arguments into one verb and prints what it yields.

Where a command yields one value, that value is the last line on stdout, alone, so that a script can take it:
`id=$(python manage.py create_workspace acme --name Acme | tail -n 1)`.
"""

from __future__ import annotations

import math
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError
from psycopg.errors import UndefinedColumn, UndefinedTable

from accounts.errors import DomainError
from accounts.models import Workspace
from accounts.permissions import Actor

LONGEST = 36_500  # days; anything longer is a slip of the finger, and overflows dates besides


class DeskCommand(BaseCommand):
    """A command whose refusals are one clear line, and whose help keeps its paragraphs."""

    # The checks are for the server and for `manage.py check`: a command should answer in a moment.
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs.setdefault("formatter_class", RawDescriptionHelpFormatter)
        return super().create_parser(prog_name, subcommand, **kwargs)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command; a DomainError becomes a CommandError with the option at fault."""
        try:
            self.run(**options)
        except DomainError as error:
            at_fault = f"{error.field}: " if error.field else ""
            raise CommandError(f"{at_fault}{error.message}") from error
        except UnicodeEncodeError as error:
            raise CommandError("an argument holds bytes that are not text") from error
        except ProgrammingError as error:
            if not isinstance(error.__cause__, (UndefinedTable, UndefinedColumn)):
                raise
            raise CommandError("the database is not up to date: run `manage.py migrate` first") from error

    def run(self, **options: Any) -> None:
        """What the command does."""
        raise NotImplementedError

    def say(self, line: str = "") -> None:
        """Tell the person at the terminal, on stderr, so that stdout holds the value alone."""
        self.stderr.write(line, self.style.NOTICE)


def find_workspace(slug: str) -> Workspace:
    """The workspace of that slug. Raises CommandError."""
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True)[:10]) or "none yet"
        raise CommandError(f"there is no workspace {slug} (there are: {known})")
    return workspace


def system(workspace: Workspace) -> Actor:
    """Who acts in a command: the desk itself, on behalf of the operator who runs it."""
    return Actor.system(workspace.pk, name="Operator command")


def amount(value: str) -> float:
    """A number above zero, fractions allowed, for argparse."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 < number <= LONGEST * 1440:  # False for nan too
        raise ArgumentTypeError(f"{value} is not a number above zero")
    return number


def days(number: float) -> timedelta:
    """A span of days. Raises CommandError when it is longer than a century."""
    if number > LONGEST:
        raise CommandError(f"at most {LONGEST} days")
    return timedelta(days=number)
