"""What a worker runs for as long as it lives, as data: each app lists its own parts, and the worker names none of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from accounts import journal, mailing, pushing
from accounts.bell import Bell
from accounts.journal import announcing


@dataclass(frozen=True, slots=True)
class Jobs:
    """Runners of background jobs: as many as a setting says, for the queues that are named."""

    name: str
    queues: tuple[str, ...]
    setting: str


@dataclass(frozen=True, slots=True)
class Periodic:
    """A function that is called from the first moment on, and again `every` so many seconds.

    It has a thread of its own, and ends nothing when it fails. With a channel, each notification in it is another reason, and so
    is each ring of a bell; those that come within `rest` seconds after a call make one call together.
    """

    name: str
    function: Callable[[], object]
    every: float
    channel: str | None = None
    bell: Bell | None = None
    rest: float = 0.0


@dataclass(frozen=True, slots=True)
class Held:
    """A context manager that the worker holds around all other parts; it yields what to wait for, which ends when it is lost."""

    name: str
    open: Callable[[], AbstractAsyncContextManager[Awaitable[None]]]


Part = Jobs | Periodic | Held


def _dispatch() -> None:
    while journal.drain() >= journal.BATCH:  # less than a batch was all; what came since has sent a notification
        pass


# The pause is a fallback, for lost notifications, for events whose writer died before it announced them, and for reactions that
# are to be tried again. A lone event is dispatched at once; of a flood, a batch every tenth of a second costs a fraction of
# what each event alone would. Mails, which nobody waits for with a finger on the key, come in larger batches.
PARTS: tuple[Part, ...] = (
    Periodic("dispatch", _dispatch, every=announcing.LOOK_EVERY, channel=announcing.CHANNEL, rest=0.1),
    Periodic("pushes", pushing.send_due, every=5.0, bell=pushing.BELL, rest=0.5),
    Periodic("mails", mailing.send_due, every=5.0, bell=mailing.BELL, rest=0.5),
)
