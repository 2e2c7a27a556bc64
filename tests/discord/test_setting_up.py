"""Setting a bot up: by the command and by the settings, with its token sealed, its health shown, and nothing for strangers."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from accounts import clock, tenancy
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from config import doctor
from conversations.channels.discord import actions, health, leasing, tasks, trials
from conversations.models import BotState, DiscordBot, DiscordThread
from tests.conftest import Member
from tests.discord.conftest import connected
from tests.discord.fake import FORUM, GUILD, STAFF, TEXT, TOKEN, Discord

pytestmark = pytest.mark.django_db


def run(
    monkeypatch: pytest.MonkeyPatch,
    discord: Discord,
    *more: str,
    token: str = TOKEN,
    channel: str = FORUM,
    guild: str = GUILD,
) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(token + "\n"))
    out = io.StringIO()
    call_command(
        "connect_discord", "--workspace", "acme", "--token-stdin", "--guild", guild, "--channel", channel, "--api-url", discord.api_url,
        "--gateway-url", discord.gateway_url, *more, stdout=out, stderr=io.StringIO(),
    )  # fmt: skip
    return out.getvalue().splitlines()[-1]


def test_command_checks_everything_and_seals_the_token(
    monkeypatch: pytest.MonkeyPatch, in_acme: Workspace, discord: Discord
) -> None:
    old = discord.post("Before", "Long ago.", tell=False)
    public_id = run(monkeypatch, discord, "--channel", TEXT)
    bot = DiscordBot.objects.get()
    assert public_id == str(bot.public_id)
    assert (bot.guild_name, [one["name"] for one in bot.channels]) == ("Acme users", ["help", "general"])
    assert (bot.private_channel or {})["name"] == "general"
    assert TOKEN not in bot.sealed
    assert bot.token == TOKEN
    assert TOKEN not in str(list(Event.objects.values_list("data", flat=True)))
    # What was there before becomes no conversation by itself.
    assert DiscordThread.objects.get().discord_id == int(old)
    # Another server takes the place of this one.
    run(monkeypatch, discord, channel=STAFF)
    assert [one["name"] for one in DiscordBot.objects.get().channels] == ["staff"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"token": "wrong"}, "does not accept this token"),
        ({"token": ""}, "has no token"),
        ({"token": "two words"}, "not a token"),
        ({"guild": "999"}, "not a member of a server 999"),
        ({"guild": "acme"}, "an id is a number"),
        ({"channel": "998"}, "sees no channel 998"),
        ({"channel": "9" * 30}, "an id is a number"),
    ],
)  # fmt: skip
def test_command_says_what_is_wrong_and_stores_nothing(
    monkeypatch: pytest.MonkeyPatch, in_acme: Workspace, discord: Discord, given: dict[str, str], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        run(monkeypatch, discord, **given)  # type: ignore[arg-type]
    assert not DiscordBot.objects.exists()


def test_command_names_a_missing_intent_a_wrong_address_and_a_channel_without_threads(
    monkeypatch: pytest.MonkeyPatch, in_acme: Workspace, discord: Discord
) -> None:
    discord.channels["2300"] = discord._channel("2300", "voice", 2)
    with pytest.raises(CommandError, match="#voice has no threads"):
        run(monkeypatch, discord, channel="2300")
    with pytest.raises(CommandError, match="go together"):
        run(monkeypatch, discord, "--gateway-url", "")
    with pytest.raises(CommandError, match="--api-url is like"):
        run(monkeypatch, discord, "--api-url", "ftp://x")
    with pytest.raises(CommandError, match="does not answer as Discord's API does"):
        run(monkeypatch, discord, "--api-url", f"{discord.base}/elsewhere")
    discord.has_content_intent = False
    with pytest.raises(CommandError, match="Message Content Intent"):
        run(monkeypatch, discord)
    assert not DiscordBot.objects.exists()


def test_screens_connect_show_and_remove_a_bot_and_never_show_its_token(
    ada: Member, acme: Workspace, discord: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.channels.discord.api.API", discord.api_url)
    discord.post("Before", "Long ago.", tell=False)
    admin, home = ada.signed_in(), "/w/acme/settings/discord"
    assert "Bot token" in admin.get(home).content.decode()
    assert admin.post(f"{home}/test", {"token": ""}).status_code == 422
    page = page_after_test(admin, home, "wrong token".replace(" ", ""))
    assert "does not accept this token" in page
    page = page_after_test(admin, home, TOKEN)
    assert "#help" in page
    name = page.split('name="trial" value="')[1].split('"')[0]
    given = {"trial": name, "server": GUILD, "private_channel": TEXT}
    assert admin.post(f"{home}/connect", given).status_code == 422  # no channel was chosen
    assert admin.post(f"{home}/connect", {**given, "channels": [FORUM]}).status_code == 302
    page = admin.get(home).content.decode()
    assert "#help" in page
    assert "as soon as a worker" in page
    with tenancy.scope(acme):
        bot = DiscordBot.objects.get()
        assert (bot.token, bot.guild_id) == (TOKEN, int(GUILD))
        assert DiscordThread.objects.count() == 1
    assert TOKEN not in page + admin.get(f"{home}?trial={name}").content.decode()
    assert admin.post(f"{home}/pause").status_code == 302
    assert "Nothing is received" in admin.get(home).content.decode()
    assert admin.post(f"{home}/resume").status_code == 302
    page = page_after_test(admin, home, "")  # with the stored token
    assert 'value="2000" checked' in page
    assert admin.get(f"{home}/remove").status_code == 200
    assert admin.post(f"{home}/remove").status_code == 302
    assert "Bot token" in admin.get(home).content.decode()


def page_after_test(admin: Client, home: str, token: str) -> str:
    """The page after a worker has asked Discord about a token."""
    answer = admin.post(f"{home}/test", {"token": token})
    assert answer.status_code == 302
    name = answer["Location"].split("trial=")[1].split("#")[0]
    assert "Asking Discord" in admin.get(f"{home}/tests/{name}").content.decode()
    tasks.try_discord(name=name)
    return admin.get(answer["Location"].split("#")[0]).content.decode()


def test_agents_see_the_state_viewers_nothing_and_strangers_no_desk(
    bot: DiscordBot, acme: Workspace, ben: Member, vic: Member, cleo: Member, ada: Member
) -> None:
    home = "/w/acme/settings/discord"
    page = ben.signed_in().get(home).content.decode()
    assert "#help" in page
    assert "Remove" not in page
    assert ben.signed_in().post(f"{home}/pause").status_code == 403
    assert vic.signed_in().get(home).status_code == 403
    assert cleo.signed_in().get(home).status_code == 404
    with tenancy.scope(acme):
        name = trials.begin(workspace_id=acme.pk, user_id=ada.user.pk, token="x")
    assert ben.signed_in().get(f"{home}/tests/{name}").status_code == 403


def test_health_is_in_readyz_doctor_and_metrics(bot: DiscordBot, acme: Workspace, client: Client) -> None:
    at = clock.now()
    assert health.trouble(bot, at) == ""
    assert "No worker has run it" in health.trouble(bot, at + timedelta(minutes=6))
    with tenancy.scope(acme):
        actions.mark_bot_disconnected(
            bot=bot, reason="Discord does not accept the bot's token any more.", by=Actor.system(acme.pk), at=at
        )
    body = json.loads(client.get("/readyz").content)
    assert body["parts"]["discord"] == f"trouble with {bot.public_id}"
    assert body.get("sick") != "discord"
    [line] = doctor._discord()
    assert (line.state, "token" in line.text) == (doctor.State.BROKEN, True)
    metrics = client.get(
        "/metrics",
        headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"} if getattr(settings, "METRICS_TOKEN", "") else {},
    )
    if metrics.status_code == 200:
        assert f'parley_discord_trouble{{bot="{bot.public_id}"}} 1' in metrics.content.decode()


def test_rotation_covers_the_token(bot: DiscordBot, acme: Workspace, settings: Any) -> None:
    old = settings.CHANNEL_SECRETS_KEYS
    settings.CHANNEL_SECRETS_KEYS = ["a new key that is long enough", *old]
    out = io.StringIO()
    call_command("rotate_channel_secrets", stdout=out, stderr=io.StringIO())
    assert out.getvalue().strip() == "1"
    settings.CHANNEL_SECRETS_KEYS = ["a new key that is long enough"]
    with tenancy.scope(acme):
        assert DiscordBot.objects.get().token == TOKEN


def test_one_holder_runs_a_bot_until_its_lease_is_over(
    bot: DiscordBot, acme: Workspace, discord: Discord, globex: Workspace
) -> None:
    other = connected(globex, discord)
    assert leasing.reserve("one")
    assert not leasing.reserve("two")
    assert {row.pk for row in leasing.take("one", {})} == {bot.pk, other.pk}
    assert leasing.take("two", {}) == []
    leasing.let_go("one", [other.pk])
    assert [row.pk for row in leasing.take("two", {})] == [other.pk]
    with time_machine.travel(clock.now() + timedelta(minutes=1)):
        assert [row.pk for row in leasing.take("two", {})] == sorted([bot.pk, other.pk])
    with tenancy.scope(acme):
        actions.pause_bot(bot=bot, by=Actor.system(acme.pk), at=clock.now())
        assert DiscordBot.objects.get().state == BotState.PAUSED
    with time_machine.travel(clock.now() + timedelta(minutes=3)):
        assert [row.pk for row in leasing.take("three", {})] == [other.pk]
