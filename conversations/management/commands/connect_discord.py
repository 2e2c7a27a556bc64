"""`manage.py connect_discord --workspace SLUG --token-stdin --guild ID --channel ID`"""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import CommandError, CommandParser

from accounts import clock, tenancy
from accounts.management.base import DeskCommand, find_workspace, system
from conversations.channels.discord import actions, checking
from conversations.channels.discord.api import Api

LONGEST_TOKEN = 500


class Command(DeskCommand):
    """Connects the Discord bot of a workspace; the last line is its public id."""

    help = """Connect the Discord bot of a workspace, in place of the one it has. The token is read from standard input, checked with
Discord together with the server and the channels, and stored encrypted. A running desk picks the bot up within seconds.
The last line on stdout is the bot's public id. See docs/channels/discord.md for how to make a bot.

A channel is a forum, whose posts become conversations, or a text channel, whose threads do. Private threads are opened in the
text channel of --private-channel (default: the first text channel of --channel).

Example: manage.py connect_discord --workspace acme --token-stdin --guild 130000000000000001 --channel 130000000000000002 < token"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace of the bot")
        parser.add_argument(
            "--token-stdin", action="store_true", required=True, help="read the bot's token from standard input"
        )
        parser.add_argument("--guild", required=True, metavar="ID", help="the server")
        parser.add_argument(
            "--channel",
            required=True,
            action="append",
            dest="channels",
            metavar="ID",
            help="repeatable: a forum or a text channel",
        )
        parser.add_argument("--private-channel", default="", metavar="ID", help="where private threads are opened")
        parser.add_argument(
            "--api-url", default="", metavar="URL", help="another API than Discord's, such as a test server's"
        )
        parser.add_argument("--gateway-url", default="", metavar="URL", help="another gateway, likewise")

    def run(self, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        api_url = _url(options["api_url"], "--api-url", ("http", "https"))
        gateway_url = _url(options["gateway_url"], "--gateway-url", ("ws", "wss"))
        if bool(api_url) != bool(gateway_url):
            raise CommandError("--api-url and --gateway-url go together")
        token = sys.stdin.read(LONGEST_TOKEN + 1).strip()
        if token.lower().startswith("bot "):
            token = token[4:].strip()
        if not token:
            raise CommandError("standard input has no token")
        if len(token) > LONGEST_TOKEN or not token.isascii() or any(char.isspace() for char in token):
            raise CommandError("this is not a token: copy it from the Discord developer portal, under Bot")
        found = checking.check(
            Api(token, api_url),
            guild=options["guild"],
            channels=options["channels"],
            private_channel=options["private_channel"],
            gateway_url=gateway_url,
        )
        with tenancy.scope(workspace):
            bot = actions.connect_bot(
                workspace=workspace,
                token=token,
                user=found.user,
                guild=found.guild,
                channels=found.channels,
                private_channel=found.private_channel,
                api_url=api_url,
                gateway_url=gateway_url,
                threads=found.threads,
                by=system(workspace),
                at=clock.now(),
            )
        names = ", ".join(f"#{one['name']}" for one in bot.channels)
        self.say(f"{bot.name} is connected to {bot.guild_name or bot.guild_id}: {names}")
        if bot.private_channel is None:
            self.say("Without a text channel no private threads can be opened: see --private-channel.")
        self.stdout.write(str(bot.public_id))


def _url(value: str, option: str, schemes: tuple[str, ...]) -> str:
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        is_right = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_right = False
    if not is_right or not value.isascii() or any(char.isspace() for char in value) or len(value) > 300:
        raise CommandError(f"{option} is like {schemes[0]}://127.0.0.1:8100/…")
    return value.rstrip("/")
