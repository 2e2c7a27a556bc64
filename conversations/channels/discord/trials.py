"""A token that is tried before it is stored, and one that is: a job asks Discord, a page asks for what it found.

What is typed waits in the shared cache, sealed, for as long as somebody fills in a form. The job knows its name alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.cache import cache

from accounts import clock, outbox, sealed, tenancy
from accounts.errors import Invalid, sentence
from accounts.models import Workspace
from conversations.channels.discord import checking
from conversations.channels.discord.api import Api
from conversations.models import DiscordBot

TASK = "try_discord"
KEPT_FOR = 30 * 60  # seconds
PATIENCE = 45  # seconds until a page stops asking: the job has not been run
MOST_SERVERS = 10


@dataclass(slots=True)
class Trial:
    """A token that is being tried. Someone else's cannot be read."""

    workspace_id: int
    user_id: int
    begun_at: float
    token: str
    api_url: str = ""
    gateway_url: str = ""

    @property
    def is_overdue(self) -> bool:
        return clock.now().timestamp() - self.begun_at > PATIENCE


@dataclass(frozen=True, slots=True)
class Findings:
    """What Discord answered: why the token does not do, or whose it is and where it is."""

    fault: str = ""
    user_id: int = 0
    user_name: str = ""
    servers: list[dict[str, Any]] = field(default_factory=list)
    """Each with id, name, channels and threads, as the verb takes them."""

    def server(self, id_: str) -> Mapping[str, Any] | None:
        return next((one for one in self.servers if str(one["id"]) == id_), None)


def begin(*, workspace_id: int, user_id: int, token: str = "") -> str:
    """Keep a token, or the stored one, and have Discord asked. Returns the name by which both are found.

    It is asked at the address that the operator has set for the workspace's bot. Raises `sealed.Unreadable`.
    """
    bot = DiscordBot.objects.first()
    trial = Trial(
        workspace_id=workspace_id,
        user_id=user_id,
        begun_at=clock.now().timestamp(),
        token=token or (bot.token if bot is not None else ""),
        api_url=bot.api_url if bot is not None else "",
        gateway_url=bot.gateway_url if bot is not None else "",
    )
    name = secrets.token_urlsafe(24)
    cache.set(_key("trial", name), sealed.seal(asdict(trial)), KEPT_FOR)
    outbox.queue(TASK, name=name)
    return name


def read(name: str, *, workspace_id: int, user_id: int) -> Trial | None:
    """The trial of that name, if the person began it in this workspace and it is still there."""
    found = _read(name)
    return found if found and (found.workspace_id, found.user_id) == (workspace_id, user_id) else None


def findings(name: str) -> Findings | None:
    """What was found; None while Discord is still being asked."""
    found = cache.get(_key("findings", name))
    return None if found is None else Findings(**found)


def run(name: str) -> None:
    """Ask Discord. Called by a job."""
    trial = _read(name)
    if trial is None:
        return  # it has been forgotten: nobody waits any more
    with tenancy.scope(Workspace.objects.get(pk=trial.workspace_id)):
        try:
            found = _found(Api(trial.token, trial.api_url))
        except Invalid as error:
            found = Findings(fault=sentence(error))
    cache.set(_key("findings", name), asdict(found), KEPT_FOR)


def _found(api: Api) -> Findings:
    user_id, user_name = checking.whose(api)
    checking.check_intent(api)
    servers = []
    for server in checking.servers(api)[:MOST_SERVERS]:
        channels = checking.channels(api, server.id)
        threads = checking.threads(api, server.id, {int(one["id"]) for one in channels})
        servers.append({
            "id": server.id, "name": server.name, "channels": channels, "threads": [_slots(one) for one in threads],
        })  # fmt: skip
    if not servers:
        raise Invalid("the bot is in no server yet: invite it with the link of the developer portal", field="guild")
    return Findings(user_id=user_id, user_name=user_name, servers=servers)


def _slots(thread: Any) -> dict[str, Any]:
    return {name: getattr(thread, name) for name in type(thread).__slots__}


def _read(name: str) -> Trial | None:
    kept = cache.get(_key("trial", name)) if len(name) <= 100 else None
    with suppress(sealed.Unreadable):
        return Trial(**sealed.opened(kept)) if kept else None
    return None


def _key(kind: str, name: str) -> str:
    return f"discord-{kind}-{name}"
