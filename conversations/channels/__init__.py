"""How replies reach customers: each folder is a channel, named as the value that conversations store, and no other file names it.

A folder states its ICON and, where replies have to be taken to the customer, a module `delivery` with `deliver`. The others fetch
replies themselves, by the API; a stored value without a folder is one of them.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from conversations.models import Channel, Message

Deliver = Callable[[Sequence[Message]], None]


@dataclass(frozen=True, slots=True)
class ChannelType:
    """A channel as the desk knows it. `deliver` begins to take replies to their customers; None where customers fetch replies."""

    name: str
    label: str
    icon: str = "code-xml"
    deliver: Deliver | None = None


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


def delivering() -> list[str]:
    """The stored values of the channels whose replies are taken to customers."""
    return [name for name, channel in all_channels().items() if channel.deliver is not None]


def _described(name: str) -> ChannelType:
    package = importlib.import_module(f"{__name__}.{name}")
    delivery = f"{package.__name__}.delivery"
    deliver = importlib.import_module(delivery).deliver if importlib.util.find_spec(delivery) else None
    return ChannelType(name, Channel(name).label, package.ICON, deliver)
