"""`manage.py rotate_channel_secrets`"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.management.base import CommandError

from accounts import actions as accounts
from accounts import clock, pushing, sealed, tenancy
from accounts.management.base import DeskCommand, system
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.channels.discord import actions as discord_actions
from conversations.channels.email import actions
from conversations.models import DiscordBot
from conversations.queries import mailboxes


class Command(DeskCommand):
    """Encrypts the secrets of all channels and of second factors anew."""

    help = """Encrypt the passwords and tokens of all channels, and the secrets of authenticator apps and recovery codes, anew
with the present CHANNEL_SECRETS_KEY. It works beside a running desk, and may be run again. The last line on stdout is how many
secrets have been encrypted anew.

To change the key: set CHANNEL_SECRETS_KEY to a new one (openssl rand -base64 48) and CHANNEL_SECRETS_KEYS_BEFORE to the old
one, which is in DESK_HOME/secrets/channel_secrets_key if you have never set it; restart the desk; run this command; then
remove CHANNEL_SECRETS_KEYS_BEFORE.

Example: manage.py rotate_channel_secrets"""

    def run(self, **options: Any) -> None:
        count, unreadable = 0, []
        for workspace in Workspace.objects.order_by("pk"):
            with tenancy.scope(workspace):
                rows, bot = list(mailboxes.present()), DiscordBot.objects.first()
            for mailbox in rows:
                try:
                    count += actions.reseal(mailbox=mailbox, by=system(workspace), at=clock.now())
                except sealed.Unreadable:
                    unreadable.append(f"{mailbox.address} ({workspace.slug})")
            if bot is not None:
                try:
                    count += discord_actions.reseal_bot(bot=bot, by=system(workspace), at=clock.now())
                except sealed.Unreadable:
                    unreadable.append(f"the Discord bot ({workspace.slug})")
        for authenticator in Authenticator.objects.select_related("user").order_by("pk"):
            try:
                by = Actor.installation("Operator command")
                count += accounts.reseal_second_factor(authenticator=authenticator, by=by, at=clock.now())
            except sealed.Unreadable:
                unreadable.append(f"a second factor ({authenticator.user.email})")
        try:
            pushing.reseal()
        except sealed.Unreadable:
            unreadable.append("the key of Web Push")
        if unreadable:
            raise CommandError(
                f"no key opens the secrets of {', '.join(unreadable)}; {count} others were encrypted anew. Name the key that "
                "sealed them in CHANNEL_SECRETS_KEYS_BEFORE, or enter their passwords and tokens again."
            )
        # A restored backup brings the keys of before in this file; from now on nothing needs them.
        (Path(settings.DESK_HOME) / "secrets" / "channel_secrets_keys_before").unlink(missing_ok=True)
        self.say("Everything is encrypted with the present key: CHANNEL_SECRETS_KEYS_BEFORE is not needed any more.")
        self.stdout.write(str(count))
