"""`manage.py mail_health --workspace SLUG [--json]`"""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser

from accounts import clock, tenancy
from accounts.management.base import DeskCommand, find_workspace, system
from accounts.permissions import permit
from conversations.channels.email import health


class Command(DeskCommand):
    """Prints how the mailboxes of a workspace fare."""

    help = """Print how the mailboxes of a workspace fare: the last success, how far behind they are, what was set aside.

With --json the last line on stdout is one JSON document: {"workspace", "at", "suppressed", "mailboxes": [...]}. Times are
in UTC; `uid_lag` is how many mails are on the server and not fetched yet; `ignored` counts mails of the last 30 days that
were for nobody, by the reason.

Example: manage.py mail_health --workspace acme --json"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace of the mailboxes")
        parser.add_argument("--json", action="store_true", help="for programs")

    def run(self, **options: Any) -> None:
        workspace, at = find_workspace(options["workspace"]), clock.now()
        permit(system(workspace), "mailbox.read")
        with tenancy.scope(workspace):
            found = health.of_workspace(at)
            if options["json"]:
                listed = [health.as_json(one, at) for one in found]
                whole = {"workspace": workspace.slug, "at": at.isoformat(), "suppressed": health.suppressed_count()}
                self.stdout.write(json.dumps({**whole, "mailboxes": listed}))
                return
        if not found:
            self.say(f"{workspace.slug} has no mailboxes: see create_mailbox.")
        for one in found:
            self.stdout.write(_line(one))


def _line(one: health.Health) -> str:
    parts = [f"{one.state:<12} {one.mailbox.address}"]
    if one.seconds_since_success is not None:
        parts.append(f"read {one.seconds_since_success} s ago")
    if one.uid_lag:
        parts.append(f"{one.uid_lag} mails behind")
    if one.quarantined:
        parts.append(f"{one.quarantined} in quarantine")
    return ", ".join(parts) + (f". {one.trouble}" if one.trouble else "")
