"""`manage.py revoke_api_key PREFIX`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import actions, clock
from accounts.credentials import keys
from accounts.management.base import DeskCommand, system
from accounts.models import ApiKey


class Command(DeskCommand):
    """Stops a key from working; the last line is its prefix."""

    help = """Revoke an API key at once. This cannot be undone. The last line on stdout is the key's prefix.

The prefix (parley_sv_… or parley_cl_…) is shown in the list of keys and at the beginning of the secret. The whole secret is
accepted too, for example after a leak. Revoking a revoked key changes nothing.

Example: manage.py revoke_api_key parley_sv_8fK2mQ0aZx1B"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("prefix", help="the key's prefix, or its secret")

    def run(self, **options: Any) -> None:
        prefix = keys.prefix_of(options["prefix"]) or options["prefix"].rstrip("…")
        # A prefix is unique in the installation: it names the workspace too.
        key = ApiKey.all_workspaces.select_related("workspace").filter(prefix=prefix).first()
        if key is None:
            raise CommandError(f"there is no key {prefix[:22]}")
        if key.revoked_at is not None:
            self.say(f"{key} was revoked on {key.revoked_at:%Y-%m-%d %H:%M} UTC")
        else:
            actions.revoke_key(key=key, by=system(key.workspace), at=clock.now())
            self.say(f"{key} of {key.workspace} is revoked")
        self.stdout.write(key.prefix)
