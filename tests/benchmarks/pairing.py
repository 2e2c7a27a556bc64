"""One operation between bare slices: what it takes is given in multiples of what the bare views take right before and after.

A machine that is slow for a moment is slow for both, so ratios hold where milliseconds do not. For one that writes, the
worker finishes what the operation has left for it before the next bare slice begins.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.benchmarks.load import Client, Wrong
from tests.benchmarks.probes import ROLES, Desk

SELECT, INSERT = "bare SELECT", "bare INSERT"
LEAST_SLICES = 3
DRAIN_LIMIT = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: slices, the seconds of each, and the rounds that a slice has at least.

    What is so slow that this takes `most` seconds is given up to there: three slices, if need be of one round each.
    """

    slices: int
    seconds: float
    least: int = 3

    @property
    def most(self) -> float:
        return self.slices * self.seconds * 3


@dataclass(slots=True)
class Measured:
    """An operation at so many connections."""

    times: list[float] = field(default_factory=list)  # milliseconds of each round
    bare: dict[str, list[float]] = field(default_factory=dict)
    ratios: dict[str, list[float]] = field(default_factory=dict)  # one of each slice, to its own neighbours
    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys((*ROLES, "client"), 0.0))  # seconds
    bare_cpu: dict[str, float] = field(default_factory=dict)  # seconds, its database's included
    bare_client: float = 0.0  # and the client's, meanwhile
    wall: float = 0.0

    def result(self) -> dict[str, float]:
        """What is kept: milliseconds, multiples of the bare views, milliseconds of processor time for each round."""
        count = len(self.times)
        found = {
            "p50": statistics.median(self.times),
            "p95": statistics.quantiles(self.times, n=20)[-1] if count > 1 else self.times[0],
            "rounds": count,
            "per_second": count / self.wall,
        }
        for name, ratios in self.ratios.items():
            key = "ratio" if name == SELECT else "ratio_insert"
            found[key] = statistics.median(ratios)
            if name == SELECT and len(ratios) > 3:
                low, _, high = statistics.quantiles(ratios, n=4)
                found["spread"] = (high - low) / found[key]
        for name, seconds in self.cpu.items():
            if name != "bare":
                found[f"cpu_{name}"] = seconds / count * 1000
        found["cpu_ratio"] = (found["cpu_web"] + found["cpu_database"]) / self.bare_milliseconds(SELECT)
        return {name: round(value, 3) for name, value in found.items()}

    def bare_milliseconds(self, view: str) -> float:
        """Processor time of one request to a bare view."""
        return self.bare_cpu[view] / len(self.bare[view]) * 1000

    def client_milliseconds(self) -> float:
        """Processor time that the client itself has spent on one request to a bare view."""
        return self.bare_client / sum(map(len, self.bare.values())) * 1000


def measure(
    client: Client,
    desk: Desk,
    name: str,
    connections: int,
    effort: Effort,
    *,
    into: Measured,
    drain: Callable[[], bool] | None = None,
) -> None:
    """Measure what the client knows by that name. `drain` says whether the worker has finished, for what writes."""
    views = (SELECT, INSERT) if drain else (SELECT,)
    before = {view: _bare(client, desk, view, connections, effort, into) for view in views}
    end = time.monotonic() + effort.most
    for number in range(effort.slices):
        if number >= LEAST_SLICES and time.monotonic() > end:
            break
        used = desk.seconds()
        run = client.ask(
            run=name,
            connections=connections,
            seconds=effort.seconds,
            least=effort.least if time.monotonic() < end else 1,
        )
        if drain is not None:
            wait(drain)
        for role, seconds in desk.seconds().items():
            into.cpu[role] += seconds - used[role]
        into.cpu["client"] += run["cpu"]
        into.wall += run["wall"]
        into.times += run["times"]
        after = {view: _bare(client, desk, view, connections, effort, into) for view in views}
        for view in views:
            beside = statistics.median(before[view] + after[view])
            into.ratios.setdefault(view, []).append(statistics.median(run["times"]) / beside)
        before = after


def _bare(client: Client, desk: Desk, view: str, connections: int, effort: Effort, found: Measured) -> list[float]:
    used = desk.seconds()
    run = client.ask(run=view, connections=connections, seconds=effort.seconds * 0.6, least=20)
    times: list[float] = run["times"]
    found.bare.setdefault(view, []).extend(times)
    found.bare_client += run["cpu"]
    spent = sum(seconds - used[role] for role, seconds in desk.seconds().items() if role in ("bare", "database"))
    found.bare_cpu[view] = found.bare_cpu.get(view, 0.0) + spent
    return times


def wait(drain: Callable[[], bool]) -> None:
    """Until the worker has finished. Raises Wrong."""
    end = time.monotonic() + DRAIN_LIMIT
    while not drain():
        if time.monotonic() > end:
            raise Wrong(f"the worker has not finished within {DRAIN_LIMIT:g} s")
        time.sleep(0.05)
