"""`manage.py create_mailbox --workspace SLUG --address ADDRESS [--imap URL | --ingress] [--smtp URL]`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import clock, tenancy
from accounts.management.base import DeskCommand, find_workspace, system
from accounts.models import Team
from conversations.channels.email import actions, servers
from conversations.channels.email.wire import endpoints
from conversations.models import Inbound


class Command(DeskCommand):
    """Adds a mailbox; the last line is its public id, or the address of its webhook."""

    help = """Add a mailbox to a workspace. The last line on stdout is its public id; with --ingress it is the URL to which
the provider posts mails. That URL is a secret.

Mail comes in by one of three ways: it is fetched (--imap), a provider posts it (--ingress), or your own mail server hands
it over (neither of them: see deliver_mail and docs/channels/email.md). Without --smtp, replies are sent through the mail
server of the installation. The first mailbox of a workspace is its default.

In URLs, write @ / : % ? and # in names and passwords as %40 %2F %3A %25 %3F and %23. A path after the host is the folder.
An address belongs to one mailbox of the installation.

Example: manage.py create_mailbox --workspace acme --address support@acme.example --name "Acme support" \\
           --imap imaps://support%40acme.example:secret@mail.acme.example/INBOX \\
           --smtp smtps://support%40acme.example:secret@mail.acme.example"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace of the mailbox")
        parser.add_argument("--address", required=True, help="the address at which customers write")
        inbound = parser.add_mutually_exclusive_group()
        inbound.add_argument("--imap", metavar="URL", help="imap[s]://user:password@host:port/INBOX")
        inbound.add_argument("--ingress", action="store_true", help="a provider posts mails to a webhook")
        parser.add_argument("--smtp", metavar="URL", help="smtp[s]://user:password@host:port")
        parser.add_argument("--name", default="", help="the name that customers see")
        parser.add_argument("--team", metavar="NAME", help="the team that new conversations get")
        parser.add_argument(
            "--alias", action="append", default=[], dest="aliases", metavar="ADDRESS", help="repeatable: also received"
        )

    def run(self, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        inbound = Inbound.IMAP if options["imap"] else Inbound.INGRESS if options["ingress"] else Inbound.DOOR
        mailbox = actions.create_mailbox(
            workspace=workspace,
            address=options["address"],
            name=options["name"],
            aliases=options["aliases"],
            inbound=inbound,
            imap=endpoints.parse_imap(options["imap"]) if options["imap"] else None,
            smtp=endpoints.parse_smtp(options["smtp"]) if options["smtp"] else None,
            team=_team(workspace, options["team"]) if options["team"] else None,
            by=system(workspace),
            at=clock.now(),
        )
        self.say(f"{mailbox.address}: {mailbox.get_inbound_display()}{', the default' if mailbox.is_default else ''}")
        if options["ingress"]:
            self.say("The provider posts mails to this address. Keep it secret:")
        self.stdout.write(servers.ingress_url(mailbox) or str(mailbox.public_id))


def _team(workspace: Any, name: str) -> Team:
    with tenancy.scope(workspace):
        team = Team.objects.filter(name__iexact=name).first()
        if team is None:
            known = ", ".join(Team.objects.order_by("name").values_list("name", flat=True)[:10]) or "none yet"
            raise CommandError(f"there is no team {name} (there are: {known})")
    return team
