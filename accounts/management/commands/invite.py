"""`manage.py invite EMAIL --workspace SLUG --role ROLE [--link]`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts import actions, clock
from accounts.management.base import DeskCommand, find_workspace, system
from accounts.permissions import Role


class Command(DeskCommand):
    """Invites a person to a workspace, who chooses their own password."""

    help = """Invite a person to a workspace. They follow a link and choose their own name and password, or sign in.

The link is mailed to them. With --link, or without a mail server (EMAIL_HOST), it is printed instead, as the last line on
stdout: share it securely. It works once, for a week; inviting the same address again creates a new one.

Example: manage.py invite ada@example.com --workspace acme --role owner --link"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address to invite")
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace to join")
        parser.add_argument(
            "--role",
            required=True,
            choices=Role.values,
            help="owner: everything; admin: everything except owners; agent: answers; viewer: reads",
        )
        parser.add_argument("--link", action="store_true", help="print the link instead of mailing it")

    def run(self, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        sent = actions.invite(
            workspace=workspace,
            email=options["email"],
            role=Role(options["role"]),
            show_link=options["link"],
            by=system(workspace),
            at=clock.now(),
        )
        if sent.link is None:
            self.say(f"An invitation to {workspace.name} is on its way to {sent.invitation.email}")
        else:
            self.say(f"{sent.invitation.email} joins {workspace.name} as {sent.invitation.role} by this link:")
            self.stdout.write(sent.link)
