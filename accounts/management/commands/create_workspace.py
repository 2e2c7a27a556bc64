"""`manage.py create_workspace SLUG --name NAME`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts import actions, clock
from accounts.management.base import DeskCommand


class Command(DeskCommand):
    """Opens a workspace; the last line is its numeric id."""

    help = """Open a workspace: a desk of its own, whose people, conversations and keys no other workspace sees.

The last line on stdout is its numeric id (the :project_id of the PostHog format). Everything else about it is told by
show_workspace. Give it people with create_operator and keys with create_api_key.

Example: manage.py create_workspace acme --name "Acme Support" --time-zone Europe/Lisbon"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="stands in URLs: a-z, 0-9 and hyphens, not digits alone; cannot be changed")
        parser.add_argument("--name", required=True, help="what people read")
        parser.add_argument("--time-zone", default="UTC", help="an IANA name such as Europe/Lisbon (default UTC)")

    def run(self, **options: Any) -> None:
        workspace = actions.create_workspace(
            slug=options["slug"], name=options["name"], time_zone=options["time_zone"], at=clock.now()
        )
        self.say(f"Opened {workspace.name} at /w/{workspace.slug}/")
        self.stdout.write(str(workspace.pk))
