"""The tags of a forum, by their ids and by their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from conversations.models import DiscordBot
from tickets import tags as labels

TASK = "mirror_discord_tags"
"""The job that puts the tags of a conversation on its thread."""
MOST = 5
"""Tags that a post has at most, as Discord has it."""


def names(bot: DiscordBot, channel_id: int) -> dict[str, str]:
    """The forum's tags: their names by their ids."""
    channel = bot.channel(channel_id) or {}
    return {str(one["id"]): str(one["name"]) for one in channel.get("tags", [])}


def merged(tags: Sequence[str], more: Iterable[str]) -> list[str]:
    """Tags with some more, each once, as many as a conversation may have."""
    return labels.unique([*tags, *(one.strip() for one in more if one.strip())])[: labels.MAX_TAGS]


def wanted(ids: Sequence[str], known: Mapping[str, str], tags: Iterable[str]) -> list[str]:
    """The ids of the tags on a post whose conversation has these tags; those that the forum does not know stay here alone."""
    keys = {labels.key(one) for one in tags}
    by_key = {labels.key(name): id_ for id_, name in known.items()}
    kept = [one for one in ids if one not in known or labels.key(known[one]) in keys]
    return list(dict.fromkeys([*kept, *(id_ for key, id_ in by_key.items() if key in keys)]))[:MOST]
