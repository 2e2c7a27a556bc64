"""How replies reach customers: each folder is a channel, named as the value that conversations store, and no other file names it.

A folder states its ICON and, where replies have to be taken to the customer, a module `delivery` with `takes`, `deliver` and
`was_taken`, and TAKES_OTHERS where it goes on for other channels. The others fetch replies themselves, by the API; a stored value without a folder is one of them. What people set up of
a channel stands in its module `settings`, as SETTINGS.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.utils.functional import Promise

from conversations.channels.results import Result
from conversations.models import Channel, Conversation, Delivery

Deliver = Callable[[Sequence[Delivery]], Iterator[tuple[Delivery, Result]]]


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """A channel in the list of the settings: its title, what it is for, its first screen, and who may see it.

    `changing` is the permission to set it up, where not all who see it may.
    """

    title: str | Promise
    about: str | Promise
    icon: str
    url_name: str
    permission: str
    changing: str = ""


@dataclass(frozen=True, slots=True)
class ChannelType:
    """A channel as the desk knows it.

    `takes` says whether it takes replies of a conversation to the customer; one that `takes_others` is asked for conversations of
    other channels, too. `deliver` does so, in the worker and in the scope of
    their workspace: it yields the result of each as soon as it is known, and calls `leases.handed` right before it hands one
    over, leaving out those of which that is false. `was_taken` is asked after a worker died in between: None where the channel
    cannot tell.
    """

    name: str
    label: str | Promise
    icon: str = "code-xml"
    takes_others: bool = False
    takes: Callable[[Conversation], bool] = lambda conversation: False
    deliver: Deliver | None = None
    was_taken: Callable[[Delivery], bool | None] = lambda delivery: None
    settings: ChannelSettings | None = None


@cache
def all_channels() -> Mapping[str, ChannelType]:
    """Every channel that a conversation can have, by its stored value."""
    found = {value: ChannelType(value, label) for value, label in Channel.choices}
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg:
            found[module.name] = _described(module.name)
    return found


def named(value: str) -> ChannelType:
    """The channel of a stored value."""
    return all_channels().get(value) or ChannelType(value, value.capitalize())


def route(conversation: Conversation) -> str | None:
    """The channel that takes replies of the conversation to its customer: its own, or one that goes on for it; None if none does."""
    if named(conversation.channel).takes(conversation):
        return conversation.channel
    others = (one for one in all_channels().values() if one.takes_others)
    return next((one.name for one in others if one.takes(conversation)), None)


def with_settings() -> list[ChannelSettings]:
    """What can be set up, in the order of the stored values."""
    return [channel.settings for channel in all_channels().values() if channel.settings is not None]


def _described(name: str) -> ChannelType:
    package = importlib.import_module(f"{__name__}.{name}")
    delivery, settings = _module(name, "delivery"), _module(name, "settings")
    found = ChannelType(name, Channel(name).label, package.ICON, settings=settings.SETTINGS if settings else None)
    if delivery is None:
        return found
    return replace(
        found,
        takes=delivery.takes,
        deliver=delivery.deliver,
        was_taken=delivery.was_taken,
        takes_others=getattr(delivery, "TAKES_OTHERS", False),
    )


def _module(name: str, part: str) -> Any:
    path = f"{__name__}.{name}.{part}"
    return importlib.import_module(path) if importlib.util.find_spec(path) else None
