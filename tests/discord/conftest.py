"""A Discord of our own, and a bot of acme on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.channels.discord import actions, checking
from conversations.channels.discord.api import Api
from conversations.models import DiscordBot
from tests.discord import fake as fakes
from tests.discord.fake import FORUM, GUILD, TEXT, TOKEN, Discord


@pytest.fixture(scope="session")
def server() -> Iterator[Discord]:
    with fakes.running() as found:
        yield found


@pytest.fixture
def discord(server: Discord) -> Discord:
    """The server, without anything that another test has left there."""
    server.reset()
    return server


def connected(workspace: Workspace, discord: Discord, **more: Any) -> DiscordBot:
    """The bot of a workspace, as the command connects it."""
    found = checking.check(Api(TOKEN, discord.api_url), guild=GUILD, channels=[FORUM, TEXT])
    with tenancy.scope(workspace):
        return actions.connect_bot(
            workspace=workspace, token=TOKEN, user=found.user, guild=found.guild, channels=found.channels,
            private_channel=found.private_channel, api_url=discord.api_url, gateway_url=discord.gateway_url,
            threads=found.threads, by=Actor.system(workspace.pk), at=clock.now(), **more,
        )  # fmt: skip


@pytest.fixture
def bot(acme: Workspace, discord: Discord) -> DiscordBot:
    return connected(acme, discord)
