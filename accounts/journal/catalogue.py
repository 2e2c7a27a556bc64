"""The catalogue of event types: each app defines its own once, in its `events` module."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event: a past-tense name, the kind of row it is about, what it means, and the data that it may carry.

    Names of data: an id ends in `_id`, ids in `_ids`, a count in `_count`; any other value has a plain name.
    """

    name: str
    subject: str
    meaning: str
    data: tuple[str, ...] = ()


class UnknownEvent(LookupError):
    """A verb recorded an event that the catalogue does not name, or data that the event does not carry."""


catalogue: dict[str, EventType] = {}


def define(name: str, subject: str, meaning: str, *data: str) -> EventType:
    """Add a kind of event to the catalogue, with the names of its data. Each app does so once, in its own `events` module."""
    kind = EventType(name, subject, meaning, data)
    if catalogue.setdefault(name, kind) != kind:
        raise ValueError(f"{name} is defined twice")
    return kind
