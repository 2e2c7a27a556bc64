"""A thousand inboxes that are open at once: how soon a live stream says its first word, and what it costs while it is silent."""

from __future__ import annotations

import statistics
import time
from typing import Any

from tests.benchmarks.load import Client
from tests.benchmarks.operations import Request
from tests.benchmarks.probes import Desk
from tests.benchmarks.scene import Scene

SETTLE = 4.0  # seconds: the access of all streams has been looked at once more


def measure(client: Client, desk: Desk, scene: Scene, port: int, count: int) -> dict[str, Any]:
    """Memory before and with the streams (MiB), milliseconds to the first event, KiB of each stream."""
    request = Request("GET", f"/w/{scene.slug}/inbox/stream", {"Cookie": scene.agent})
    client.ask(know="stream", port=port, rounds=[[{"raw": request.raw(), "status": 200, "least": 0}]])
    client.ask(open="stream", count=20)  # what a process loads at its first streams is no stream's
    client.ask(close=True)
    time.sleep(1)
    before = desk.memory()
    times = client.ask(open="stream", count=count)["times"]
    time.sleep(SETTLE)
    after, used = desk.memory(), desk.seconds()["web"]
    time.sleep(SETTLE)
    idle = (desk.seconds()["web"] - used) / SETTLE
    threads = desk.threads()
    client.ask(close=True)
    return {
        "count": count,
        "memory_before": before,
        "memory": after,
        "kib_each": round((after["web"] - before["web"]) * 1024 / count, 1),
        "first_event_p50": round(statistics.median(times), 2),
        "first_event_p95": round(statistics.quantiles(times, n=20)[-1], 2),
        "web_cpu_percent": round(idle * 100, 1),
        "web_threads": threads,
    }
