"""Reactions that take many events at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper

from accounts.models import Event

Reaction = Callable[[Event], None]
Together = Callable[[Sequence[Event]], None]


class Batched:
    """A reaction to several events of one workspace. Called with one event, it does the same for that alone."""

    def __init__(self, together: Together) -> None:
        self.together = together
        update_wrapper(self, together)

    def __call__(self, event: Event) -> None:
        self.together([event])


def batched(together: Together) -> Batched:
    """Make a reaction of a function of many events, which are those of one workspace that are due together.

    It records no events, since none of many would be the cause: it queues what is done elsewhere. What it fails with undoes
    all that it did; it then gets each of the events alone, so that one that cannot be helped stops no other.
    """
    return Batched(together)
