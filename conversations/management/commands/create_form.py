"""`manage.py create_form --workspace SLUG --kind KIND --name NAME`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts import clock
from accounts.management.base import DeskCommand, find_workspace, system
from conversations.forms import actions, languages
from conversations.models import FormKind


class Command(DeskCommand):
    """Adds a hosted form; the last line is the path of its page."""

    help = """Add a hosted form to a workspace. The last line on stdout is the path of its page.

A contact form asks for a name, an email address, a message and files; a callback form for a name, a phone number and a time.
What it asks, its texts and where it may be shown are changed in the settings of the workspace.

Example: manage.py create_form --workspace acme --kind contact --name Website --origin https://www.acme.example"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace of the form")
        parser.add_argument("--kind", required=True, choices=FormKind.values, help="what customers do on it")
        parser.add_argument("--name", required=True, help="shown to the team")
        parser.add_argument("--language", default="en", choices=list(languages.names()), help="default: en")
        parser.add_argument(
            "--origin",
            action="append",
            default=[],
            dest="origins",
            metavar="ORIGIN",
            help="repeatable: a website that may show it, such as https://example.com",
        )

    def run(self, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        form = actions.create_form(
            workspace=workspace,
            kind=options["kind"],
            name=options["name"],
            language=options["language"],
            allowed_origins=options["origins"],
            by=system(workspace),
            at=clock.now(),
        )
        self.say(f"Form {form.name} ({form.kind}) is at:")
        self.stdout.write(form.path)
