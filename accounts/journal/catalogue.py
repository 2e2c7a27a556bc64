"""The catalogue of event types: each app defines its own once, in its `events` module."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event: a past-tense name, the kind of row it is about, and what it means."""

    name: str
    subject: str
    meaning: str


class UnknownEvent(LookupError):
    """A verb recorded an event that the catalogue does not name, or about the wrong kind of row."""


catalogue: dict[str, EventType] = {}


def define(name: str, subject: str, meaning: str) -> EventType:
    """Add a kind of event to the catalogue. Each app does so once, in its own `events` module."""
    kind = EventType(name, subject, meaning)
    if catalogue.setdefault(name, kind) != kind:
        raise ValueError(f"{name} is defined twice")
    return kind
