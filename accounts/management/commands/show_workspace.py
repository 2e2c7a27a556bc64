"""`manage.py show_workspace SLUG --field FIELD`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts.management.base import DeskCommand, find_workspace

FIELDS = ("id", "public_id", "slug", "name", "time_zone", "identity_secret")


class Command(DeskCommand):
    """Prints one fact about a workspace, or all of them but the secret."""

    help = """Print one field of a workspace, alone on the last line; without --field all except the identity secret.

The identity secret proves who customers are (X-User-Hash, customer tokens): keep it on your servers.

Example: manage.py show_workspace acme --field public_id"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the workspace's slug")
        parser.add_argument("--field", choices=FIELDS, help="what to print")

    def run(self, **options: Any) -> None:
        workspace = find_workspace(options["slug"])
        if options["field"]:
            self.stdout.write(str(getattr(workspace, options["field"])))
            return
        for field in FIELDS[:-1]:
            self.stdout.write(f"{field:<10} {getattr(workspace, field)}")
