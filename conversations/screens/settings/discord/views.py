"""The bot's screens. A token is typed once and never shown; Discord is asked by a job, while the page waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts import clock, queries, sealed
from accounts.errors import DomainError
from accounts.permissions import may, permit
from conversations.channels.discord import actions, health, payloads, trials
from conversations.channels.discord.payloads import Thread
from conversations.channels.discord.trials import Findings, Trial
from conversations.models import DiscordBot
from conversations.screens.sentences import sentence
from conversations.screens.settings import frame
from conversations.screens.shell import DeskRequest, remember, screen

LONGEST_TOKEN = 500
KINDS = {
    payloads.TEXT: lazy("Text channel"),
    payloads.ANNOUNCEMENT: lazy("Announcement channel"),
    payloads.FORUM: lazy("Forum"),
    payloads.MEDIA: lazy("Media channel"),
}
"""The channels that have threads, as the page names them."""


@require_safe
@screen
def discord(request: DeskRequest) -> HttpResponse:
    """The bot with its state; without one, the form that connects it."""
    permit(request.actor, "discord.read")
    remember(request)
    name, trial = _trial(request) if may(request.actor, "discord.manage") else ("", None)
    return render(request, "settings/discord/page.html", _facts(request, name, trial))


@require_POST
@screen
def test(request: DeskRequest) -> HttpResponse:
    """Ask Discord about the token that was typed, or the stored one."""
    permit(request.actor, "discord.manage")
    token = request.POST.get("token", "").strip()
    token = token[4:].strip() if token.lower().startswith("bot ") else token
    fault = ""
    if not token and DiscordBot.objects.first() is None:
        fault = _("Enter the bot's token.")
    elif len(token) > LONGEST_TOKEN or not token.isascii() or any(char.isspace() for char in token):
        fault = _("This is not a token: copy it from the Discord developer portal, under Bot.")
    if not fault:
        try:
            name = trials.begin(workspace_id=request.workspace.pk, user_id=request.user.pk, token=token)
        except sealed.Unreadable:
            fault = _("The stored token cannot be decrypted: enter it again.")
    if fault:
        return render(request, "settings/discord/page.html", {**_facts(request), "fault": fault}, status=422)
    return redirect(f"{reverse('discord', args=[request.workspace.slug])}?trial={name}#check")


@require_GET
@screen
def findings(request: DeskRequest, name: str) -> HttpResponse:
    """What was found so far."""
    permit(request.actor, "discord.manage")
    trial = trials.read(name, workspace_id=request.workspace.pk, user_id=request.user.pk)
    if trial is None:
        raise Http404("no such test")
    return render(request, "settings/discord/check.html", _facts(request, name, trial))


@require_POST
@screen
def connect(request: DeskRequest) -> HttpResponse:
    """Connect the bot of a tried token, with the server and the channels that were chosen."""
    permit(request.actor, "discord.manage")
    name, trial = _trial(request)
    found = trials.findings(name) if trial is not None else None
    if trial is None or found is None or found.fault:
        messages.error(request, _("That took too long. Test the token again."))
        return redirect("discord", request.workspace.slug)
    server = found.server(request.POST.get("server", ""))
    chosen = [one for one in _channels(server) if f"{one['id']}" in request.POST.getlist("channels")]
    private = next((one for one in _channels(server) if one["id"] == request.POST.get("private_channel")), None)
    team = queries.teams().filter(pk=_number(request.POST.get("team", ""))).first()
    try:
        if server is None:
            raise Http404("no such server")
        ids = {int(one["id"]) for one in chosen}
        bot = actions.connect_bot(
            workspace=request.workspace,
            token=trial.token,
            user=(found.user_id, found.user_name),
            guild=(server["id"], server["name"]),
            channels=chosen,
            private_channel=private,
            api_url=trial.api_url,
            gateway_url=trial.gateway_url,
            team=team,
            threads=[one for one in map(_thread, server["threads"]) if one.parent_id in ids],
            by=request.actor,
            at=clock.now(),
        )
    except DomainError as error:
        facts = {**_facts(request, name, trial), "fault": sentence(error), "posted": request.POST}
        return render(request, "settings/discord/page.html", facts, status=422)
    messages.success(request, _("%(name)s is connected.") % {"name": bot.name})
    return redirect("discord", request.workspace.slug)


@require_POST
@screen
def pause(request: DeskRequest) -> HttpResponse:
    """Stop receiving."""
    done = _("Paused. What is written on Discord is fetched when you resume.")
    return _changed(request, actions.pause_bot, done)


@require_POST
@screen
def resume(request: DeskRequest) -> HttpResponse:
    """Receive again."""
    return _changed(request, actions.resume_bot, _("Resumed."))


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def remove(request: DeskRequest) -> HttpResponse:
    """Ask, then remove the bot."""
    permit(request.actor, "discord.manage")
    bot = _bot()
    if request.method != "POST":
        facts = {**frame.facts(request, "discord", "discord.manage"), "bot": bot}
        return render(request, "settings/discord/remove.html", facts)
    actions.remove_bot(bot=bot, by=request.actor, at=clock.now())
    messages.success(request, _("The bot was removed. Its conversations are still here."))
    return redirect("discord", request.workspace.slug)


def _changed(request: DeskRequest, verb: Callable[..., Any], done: str) -> HttpResponse:
    permit(request.actor, "discord.manage")
    verb(bot=_bot(), by=request.actor, at=clock.now())
    messages.success(request, done)
    return redirect("discord", request.workspace.slug)


def _bot() -> DiscordBot:
    bot = DiscordBot.objects.first()
    if bot is None:
        raise Http404("no bot")
    return bot


def _trial(request: DeskRequest) -> tuple[str, Trial | None]:
    """The token that the member has had tested, by its name in the request."""
    name = request.POST.get("trial") or request.GET.get("trial") or ""
    if not name or len(name) > 100:
        return "", None
    return name, trials.read(name, workspace_id=request.workspace.pk, user_id=request.user.pk)


def _facts(request: DeskRequest, name: str = "", trial: Trial | None = None) -> dict[str, Any]:
    found = trials.findings(name) if trial is not None else None
    known = health.of_workspace(clock.now())
    return {
        **frame.facts(request, "discord"),
        "may_manage": may(request.actor, "discord.manage"),
        "health": known,
        "bot": known.bot if known else None,
        "now": clock.now(),
        "trial": name if trial is not None else "",
        "found": found,
        "is_testing": trial is not None and found is None and not trial.is_overdue,
        "is_overdue": trial is not None and found is None and trial.is_overdue,
        "choices": _choices(found, known.bot if known else None),
        "teams": list(queries.teams()) if trial is not None else [],
        "fault": "",
        "posted": None,
    }


def _choices(found: Findings | None, bot: DiscordBot | None) -> list[dict[str, Any]]:
    """The servers with their channels as the page offers them; what the bot has now is chosen."""
    if found is None or found.fault:
        return []
    now = bot.channel_ids if bot is not None else set()
    return [
        {
            **server,
            "is_chosen": len(found.servers) == 1 or (bot is not None and server["id"] == bot.guild_id),
            "channels": [
                {
                    **one,
                    "kind": KINDS[one["type"]],
                    "is_chosen": int(one["id"]) in now and bot is not None and bot.channel(int(one["id"])) is not None,
                    "is_text": one["type"] == payloads.TEXT,
                    "is_private": bool(bot and bot.private_channel and bot.private_channel["id"] == one["id"]),
                }
                for one in server["channels"]
            ],
        }
        for server in found.servers
    ]


def _channels(server: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    return list(server["channels"]) if server is not None else []


def _thread(given: Mapping[str, Any]) -> Thread:
    return Thread(**{**given, "tags": tuple(given["tags"])})


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else 0
