"""`manage.py rotate_identity_secret SLUG`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts import actions, clock
from accounts.management.base import DeskCommand, find_workspace, system


class Command(DeskCommand):
    """Makes a new identity secret; the last line is the new one."""

    help = """Create a new identity secret, which proves who customers are. The last line on stdout is the new secret.

The previous secret stays valid until the next rotation, so that backends can switch without errors. After a leak, rotate
twice: then no old secret is accepted.

Example: manage.py rotate_identity_secret acme"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the workspace's slug")

    def run(self, **options: Any) -> None:
        workspace = find_workspace(options["slug"])
        workspace = actions.rotate_identity_secret(workspace=workspace, by=system(workspace), at=clock.now())
        self.say(f"{workspace.name} has a new identity secret; the one before stays valid until the next rotation")
        self.stdout.write(workspace.identity_secret)
