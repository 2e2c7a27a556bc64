"""`manage.py run_discord`"""

from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import CommandParser

from accounts.management.base import DeskCommand


class Command(DeskCommand):
    """Runs the Discord bots that nobody else runs."""

    help = """Run the Discord bots of all workspaces that no other process runs, until there are none for a minute.

A worker starts this by itself where a bot is set up; you only need it to look at what a bot does in a terminal."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--with-parent", action="store_true", help="end when standard input does")
        parser.add_argument("--holder", default="", metavar="NAME", help="who holds the leases (default: a new name)")

    def run(self, **options: Any) -> None:
        from conversations.channels.discord import bots  # loads Discord's library, which no other process needs

        bots.work(options["holder"] or uuid.uuid4().hex, with_parent=options["with_parent"])
