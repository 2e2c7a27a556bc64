"""`manage.py create_workspace SLUG --name NAME`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts import actions, clock
from accounts.management.base import DeskCommand


class Command(DeskCommand):
    """Opens a workspace; the last line is its numeric id."""

    help = """Create a workspace. Other workspaces cannot see its people, conversations and keys.

The last line on stdout is its numeric id (the :project_id of the PostHog format). show_workspace prints
everything else. Add people with invite and keys with create_api_key.

Example: manage.py create_workspace acme --name "Acme Support" --time-zone Europe/Lisbon"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="used in URLs: a-z, 0-9 and hyphens, not digits alone; cannot be changed")
        parser.add_argument("--name", required=True, help="the name that people see")
        parser.add_argument("--time-zone", default="UTC", help="an IANA name such as Europe/Lisbon (default UTC)")

    def run(self, **options: Any) -> None:
        workspace = actions.create_workspace(
            slug=options["slug"], name=options["name"], time_zone=options["time_zone"], at=clock.now()
        )
        self.say(f"Opened {workspace.name} at /w/{workspace.slug}/")
        self.stdout.write(str(workspace.pk))
