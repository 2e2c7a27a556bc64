"""When things happen in the demo: customers write at all hours, the team answers in its working hours."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from random import Random
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Amsterdam")
DAYS = 30
_OPENS, _CLOSES = 9, 18
_PER_DAY = (7, 6, 6, 6, 5, 1, 1)  # Monday to Sunday
_JUST_NOW = (4, 13, 31, 58, 96, 151)  # minutes ago, whatever the hour, so that a new visitor sees current conversations

Tale = Generator[datetime, datetime, None]
"""Yields the moment of its next step, and is sent that moment when it has come."""


def openings(now: datetime, rng: Random) -> list[datetime]:
    """When the month's conversations begin, oldest first."""
    moments = []
    for day in range(DAYS, -1, -1):
        date = (now - timedelta(days=day)).astimezone(ZONE)
        for _ in range(_PER_DAY[date.weekday()] - rng.randrange(2)):
            # Two peaks, at ten and at three, and a few in the evening.
            hour = rng.choice((rng.gauss(10, 1.3), rng.gauss(10, 1.3), rng.gauss(15, 1.6), rng.uniform(19, 23)))
            minutes = int(min(max(hour, 6.5), 23.6) * 60)
            moment = date.replace(hour=0, minute=0, second=rng.randrange(60), microsecond=0)
            moments.append(moment + timedelta(minutes=minutes))
    latest = now - timedelta(minutes=_JUST_NOW[-1] + 20)
    moments = [moment for moment in moments if moment < latest]
    moments += [now - timedelta(minutes=minutes, seconds=rng.randrange(50)) for minutes in _JUST_NOW]
    return sorted(moments)


def at_work(moment: datetime) -> datetime:
    """The moment itself if the team is there, else some minutes into its next working day."""
    local = moment.astimezone(ZONE)
    while local.weekday() > 4 or local.hour >= _CLOSES:
        local = (local + timedelta(days=1)).replace(hour=0)
    if local.hour < _OPENS:
        local = local.replace(hour=_OPENS, minute=local.minute // 2)
    return local


def pause(rng: Random, typical: float) -> timedelta:
    """A pause of about so many minutes: mostly shorter, sometimes much longer."""
    return timedelta(minutes=min(rng.lognormvariate(0, 0.8) * typical, typical * 9), seconds=rng.randrange(60))


def perform(tales: Iterable[Tale], until: datetime) -> None:
    """Run all tales together, each step in its order, so that numbers, ids and the journal run with time.

    A tale stops at its first step after `until`.
    """
    queue = [(next(tale), order, tale) for order, tale in enumerate(tales)]
    heapify(queue)
    while queue:
        at, order, tale = heappop(queue)
        if at > until:
            tale.close()
            continue
        try:
            later = tale.send(at)
        except StopIteration:
            continue
        heappush(queue, (max(later, at), order, tale))
