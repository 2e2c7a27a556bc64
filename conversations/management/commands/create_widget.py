"""`manage.py create_widget --workspace SLUG --name NAME`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts import clock
from accounts.management.base import DeskCommand, find_workspace, system
from conversations.chat import actions


class Command(DeskCommand):
    """Adds a chat widget; the last line is its key."""

    help = """Add a live chat for a website to a workspace. The last line on stdout is its key, which is public.

With --woes-key or --posthog-token the key is one in the form that the client of that product expects (with both, two lines).
Any key of a widget opens it in every client.
What the widget asks, its texts and its looks are changed in the settings of the workspace.

Example: manage.py create_widget --workspace acme --name Website --allowed-origin https://www.acme.example"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace of the widget")
        parser.add_argument("--name", required=True, help="shown to the team")
        parser.add_argument(
            "--allowed-origin",
            action="append",
            default=[],
            dest="origins",
            metavar="ORIGIN",
            help="repeatable: a website that may show it, such as https://example.com (default: every one)",
        )
        parser.add_argument("--woes-key", action="store_true", help="a key for a page that has loaded Woes' widget")
        parser.add_argument("--posthog-token", action="store_true", help="a token for posthog-js")
        parser.add_argument("--assistant-first", action="store_true", help="the assistant answers until it hands over")

    def run(self, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        widget = actions.create_widget(
            workspace=workspace,
            name=options["name"],
            allowed_origins=options["origins"],
            assistant_first=options["assistant_first"],
            woes_key=options["woes_key"],
            posthog_token=options["posthog_token"],
            by=system(workspace),
            at=clock.now(),
        )
        self.say(f"The key of {widget.name}:")
        for key in [key for key in (widget.woes_key, widget.posthog_token) if key] or [widget.key]:
            self.stdout.write(key)
