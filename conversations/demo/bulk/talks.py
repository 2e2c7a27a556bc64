"""Inventing conversations: who writes through which channel, how long, how it ends, who has it, and when what was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Final

from conversations.demo.bulk import threads
from conversations.demo.bulk.copytext import DAY, HOUR, MINUTE, SECOND
from conversations.demo.bulk.people import Customer
from conversations.demo.bulk.plan import Place
from conversations.demo.bulk.threads import Thread
from conversations.models import Channel

CHANNELS: Final = {
    Channel.EMAIL: ("support-email", 40),
    Channel.CHAT: ("support-chat", 30),
    Channel.API: ("backend", 15),
    Channel.DISCORD: ("community-forum", 5),
    Channel.CALLBACK: ("callback-form", 5),
    Channel.FORM: ("contact-form", 3),
    Channel.MANUAL: ("inbox", 2),
}
"""The adapter of each channel, and how many of a hundred conversations come through it."""
PRIORITIES: Final = {"normal": 70, "high": 14, "low": 8, "urgent": 5, "medium": 2, "critical": 1}
TAGS: Final = (
    "shipping", "billing", "refund", "hardware", "login", "warranty", "bug", "vip", "returns", "invoice", "feature-request",
    "integration", "webhooks", "api", "firmware", "calibration", "battery", "rain-gauge", "subscription", "upgrade", "trial",
    "partner", "press", "spam?", "gdpr", "outage", "mobile app", "customs", "lost parcel", "address change", "discount",
    "reseller", "education", "follow-up", "translation", "duplicate", "escalated", "beta", "onboarding", "churn risk",
)  # fmt: skip
_LONG: Final = 1000
"""One of so many conversations is long: hundreds of messages, where there are five on average."""
_ASSIGNED_AFTER: Final = 5 * SECOND


@dataclass(slots=True)
class Talk:
    """A conversation, but for its texts and ids."""

    number: int
    contact: int
    customer: Customer
    channel: str
    thread: Thread
    times: list[int]
    agent: tuple[int, str, str]
    assignee_id: int | None
    team_id: int | None
    assigned_at: int
    priority: str
    tags: Sequence[str]
    snoozed_until: int = 0
    snoozed_at: int = 0
    ticket_id: int = 0
    linked_at: int = 0

    @property
    def updated_at(self) -> int:
        """When anything was changed last."""
        return max(self.times[-1], self.assigned_at, self.snoozed_at, self.linked_at)


def talks(place: Place, first: int, end: int, rng: Random) -> list[Talk]:
    """The conversations from one place to another, with exactly as many entries as the plan says."""
    outcomes = [_outcome(place, number, rng) for number in range(first, end)]
    # What is done has two entries at least: with fewer on average, it is open.
    shorter = threads.OPEN if place.plan.messages_per_conversation < threads.LEAST[threads.CLOSED] else threads.CLOSED
    outcomes = [shorter if threads.LEAST[one] > place.plan.messages_per_conversation else one for one in outcomes]
    lengths = _lengths([threads.LEAST[outcome] for outcome in outcomes], place.plan.messages_per_conversation, rng)
    return [
        _talk(place, number, outcome, length, rng)
        for number, outcome, length in zip(range(first, end), outcomes, lengths, strict=True)
    ]


def _outcome(place: Place, number: int, rng: Random) -> str:
    """One in ten is open, most of them recent; what is older was answered."""
    age = 1 - (number + 1) / place.count
    dice = rng.random()
    recent = max(0.0, 1 - age * 5)  # 1 now, and 0 for all but the last fifth
    if dice < (limit := 0.04 + 0.6 * recent):
        return threads.OPEN
    if dice < (limit := limit + 0.03 + 0.2 * recent):
        return threads.PENDING
    if dice < limit + (1 - limit) * (0.35 + 0.5 * recent):
        return threads.RESOLVED
    return threads.UNREAD if rng.random() < 0.03 else threads.CLOSED


def _lengths(least: Sequence[int], average: int, rng: Random) -> list[int]:
    """So many entries each, with the average exactly: many short threads, and a few very long ones."""
    wanted = average * len(least)
    lengths = []
    for low in least:
        if average > 1 and rng.random() * _LONG < 1:
            lengths.append(rng.randint(20, 100) * average)
        else:
            lengths.append(low + int(rng.expovariate(1 / max(0.01, average * 0.94 - 1.9))))
    missing = wanted - sum(lengths)
    while missing:
        n = int(rng.random() * len(lengths))
        step = 1 if missing > 0 else -1
        if step > 0 or lengths[n] > least[n]:
            # Of a very long thread a large part at once, where it has taken what belongs to all others.
            step = max(missing, (least[n] - lengths[n]) // 2 or -1) if step < 0 else 1
            lengths[n] += step
            missing -= step
    return lengths


def _talk(place: Place, number: int, outcome: str, length: int, rng: Random) -> Talk:
    contact = place.customers.drawn(rng)
    channel = rng.choices(_CHANNELS, cum_weights=_CHANNEL_WEIGHTS)[0]
    thread = threads.invented(outcome, length, channel == Channel.MANUAL and length > 3, rng)
    began = place.began_at(number + rng.random() * 0.99)
    times = _times(began, length, channel, place.now - 2 * MINUTE, rng)
    agents, teams = place.crew.agents, place.crew.teams
    agent = agents[int(len(agents) * rng.random() ** 1.3)]
    is_assigned = rng.random() < (0.65 if outcome == threads.OPEN else 0.95)
    team_id = teams[int(rng.random() * len(teams))] if rng.random() < 0.3 else None
    later = times[0] + (times[1] - times[0] + 1) // 2 if length > 1 else times[0] + _ASSIGNED_AFTER
    talk = Talk(
        number=number,
        contact=contact,
        customer=place.customers.customer(contact),
        channel=channel,
        thread=thread,
        times=times,
        agent=agent,
        assignee_id=agent[0] if is_assigned else None,
        team_id=team_id,
        assigned_at=later if is_assigned or team_id else 0,
        priority=rng.choices(_PRIORITIES, cum_weights=_PRIORITY_WEIGHTS)[0],
        tags=_tags(rng),
    )
    if outcome in (threads.OPEN, threads.PENDING) and rng.random() < 0.08:
        talk.snoozed_at = max(times[-1], talk.assigned_at) + SECOND + int(rng.random() * 20 * SECOND)
        talk.snoozed_until = place.now + HOUR + int(rng.random() * 14 * DAY)
    return talk


def _times(began: int, length: int, channel: str, latest: int, rng: Random) -> list[int]:
    """A moment for each entry: soon in a chat, days apart at times in mail; none after the latest."""
    scale = 3 * MINUTE if channel == Channel.CHAT else 3 * HOUR
    gaps = [SECOND + int(scale * rng.expovariate(1)) for _ in range(length - 1)]
    room, needed = latest - began, sum(gaps)
    if needed > room:
        gaps = [max(1, gap * room // (needed + length * SECOND)) for gap in gaps]
    return list(accumulate(gaps, initial=began))


def _tags(rng: Random) -> Sequence[str]:
    """None of them mostly, or a few, the first ones of the list most often."""
    count = (0, 0, 0, 1, 1, 1, 2, 2, 3, 4)[int(rng.random() * 10)]
    return tuple(dict.fromkeys(TAGS[int(len(TAGS) ** rng.random()) - 1] for _ in range(count)))


_CHANNELS: Final = [channel.value for channel in CHANNELS]
_CHANNEL_WEIGHTS: Final = list(accumulate(share for _, share in CHANNELS.values()))
_PRIORITIES: Final = list(PRIORITIES)
_PRIORITY_WEIGHTS: Final = list(accumulate(PRIORITIES.values()))
