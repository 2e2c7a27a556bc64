"""`manage.py create_api_key --workspace SLUG --name NAME --kind KIND --scope SCOPE …`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts import actions, clock
from accounts.management.base import DeskCommand, amount, days, find_workspace, system
from accounts.models import KeyKind
from accounts.permissions import scopes

_SCOPES = "\n".join(f"  {scope}: {meaning}" for scope, meaning in scopes().items())


class Command(DeskCommand):
    """Issues an API key; the last line is its secret, which is shown this once."""

    help = f"""Create an API key. The last line on stdout is its secret. It is shown only once and not stored.

A server key is a secret of your backend. A client key is public: it is used in web pages and apps, cannot have ticket scopes,
and proves its end user to read or write in an existing conversation (see identity_hash). Any key works in every wire format.
The scopes, of which write includes read:
{_SCOPES}

Example: manage.py create_api_key --workspace acme --name Backend --kind server \\
           --scope conversation:write --scope ticket:write --expires-in-days 90"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace of the key")
        parser.add_argument("--name", required=True, help="what the key is for; shown in lists")
        parser.add_argument("--kind", required=True, choices=KeyKind.values, help="secret, or public")
        parser.add_argument(
            "--scope", required=True, action="append", dest="scopes", metavar="SCOPE", help="repeatable; see above"
        )
        parser.add_argument(
            "--expires-in-days", type=amount, metavar="N", help="above zero, fractions allowed; default: never"
        )
        parser.add_argument(
            "--allowed-origin",
            action="append",
            default=[],
            dest="origins",
            metavar="ORIGIN",
            help="repeatable: requests must come from one of these, such as https://example.com",
        )
        parser.add_argument(
            "--unverified-identity",
            action="store_true",
            help="a client key that does not prove its end user: ANYONE WHO HAS IT CAN READ EVERY CUSTOMER'S CONVERSATIONS",
        )

    def run(self, **options: Any) -> None:
        workspace, at = find_workspace(options["workspace"]), clock.now()
        span = options["expires_in_days"]
        key, secret = actions.create_key(
            workspace=workspace,
            name=options["name"],
            kind=KeyKind(options["kind"]),
            scopes=options["scopes"],
            expires_at=at + days(span) if span is not None else None,
            allowed_origins=options["origins"],
            unverified_identity=options["unverified_identity"],
            by=system(workspace),
            at=at,
        )
        until = f"until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else "until it is revoked"
        self.say(f"Key {key.prefix} ({key.kind}: {', '.join(key.scopes)}) works {until}. Its secret, shown this once:")
        self.stdout.write(secret)
