"""`manage.py set_hours --workspace SLUG < hours.json`"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import clock
from accounts.management.base import DeskCommand, find_workspace, system
from tickets import actions
from tickets import hours as business_hours
from tickets.hours import Hours

LONGEST = 100_000


class Command(DeskCommand):
    """Sets the business hours of a workspace."""

    help = """Set when a workspace answers. The hours are read from stdin as JSON; nothing is printed on stdout.

  {"time_zone": "Europe/Berlin", "weekly": {"mon": [["09:00", "12:30"], ["13:30", "17:00"]], "sat": [["22:00", "02:00"]]}}

A day that is not named is closed. An interval that ends no later than it begins ends on the next day, and 24:00 is the end of
the day. Without a time zone it is the workspace's. null means always open, as without hours.

Example: manage.py set_hours --workspace acme < hours.json"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace of the hours")

    def run(self, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        if sys.stdin.isatty():
            self.say("Enter the hours as JSON, then Enter and Ctrl-D:")
        try:
            text = sys.stdin.read(LONGEST + 1)
        except UnicodeDecodeError as error:
            raise CommandError("the input is not text in UTF-8") from error
        if len(text) > LONGEST:
            raise CommandError(f"the input is longer than {LONGEST} characters")
        document = business_hours.loads(text)
        found = actions.set_hours(workspace=workspace, hours=document, by=system(workspace), at=clock.now())
        self.say(f"{workspace.name}: {_summary(found)}")


def _summary(found: Hours | None) -> str:
    """The hours in one line, and whether it is open now."""
    if found is None:
        return "always open"
    days = ", ".join(
        f"{day.capitalize()} {' '.join('–'.join(interval) for interval in intervals)}"
        for day, intervals in found.as_json()["weekly"].items()
        if intervals
    )
    state = "open" if found.is_open(timezone.now()) else "closed"
    return f"{days or 'always closed'} ({found.time_zone}), now {state}"
