"""How fast mail comes in: `python -m tests.benchmarks.mail` (Dovecot has to be installed).

From the moment at which a mail server has a mail until its row can be shown in an inbox that is open, mails per second of a
mailbox that was away, the statements of one mail, and what a mailbox costs that nothing comes to.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

from tests.benchmarks import apart
from tests.benchmarks.apart import WORKSPACE
from tests.benchmarks.probes import role
from tests.email.letters import letter
from tests.mail_servers import dovecot as dovecots
from tests.runtime.machine import ROOT, eventually, manage, processes

HOME = ROOT / ".desk" / "mail-bench"
SAMPLES, FLOOD, BOXES = 40, 400, 10


def main() -> None:
    """Measure, and print the figures as JSON."""
    with dovecots.running() as dovecot, apart.desk(HOME, ALLOW_PRIVATE_HOSTS="yes") as (base, more):
        print(json.dumps(_measured(base, dovecot, more), indent=1))


def _measured(base: str, dovecot: dovecots.Dovecot, more: dict[str, str]) -> dict[str, Any]:
    _mailbox(dovecot, "box", more)
    figures: dict[str, Any] = {"waiting_ms": _latency(base, dovecot)}
    worker = _worker()
    figures["flood"] = _flood(dovecot, worker, more)
    before = _memory(worker)
    for number in range(BOXES):
        _mailbox(dovecot, f"quiet{number}", more)
    eventually(lambda: _count(more, "read_at__isnull=False") == BOXES + 2, "the quiet mailboxes")
    used = _cpu(worker)
    time.sleep(30)
    figures["mailbox"] = {
        "kib": round((_memory(worker) - before) / BOXES),
        "cpu_percent_each": round((_cpu(worker) - used) / 30 / BOXES * 100, 3),
    }
    return figures


def _mailbox(dovecot: dovecots.Dovecot, user: str, more: dict[str, str]) -> None:
    url = dovecot.imap_url(user)
    manage(HOME, "create_mailbox", "--workspace", WORKSPACE, "--address", f"{user}@desk.test", "--imap", url,
           "--smtp", "smtp://127.0.0.1:9", **more)  # fmt: skip


def _latency(base: str, dovecot: dovecots.Dovecot) -> dict[str, float]:
    """From LMTP's answer to the answer with the row, on an inbox whose stream is open."""
    with apart.signed_in(base) as client:
        times = []
        with client.stream("GET", f"/w/{WORKSPACE}/inbox/stream") as stream:
            lines = stream.iter_lines()
            next(lines)
            for number in range(SAMPLES + 5):
                dovecot.deliver("box", letter(f"Mail {number}", to="box@desk.test", subject=f"Subject {number}"))
                began = time.perf_counter()
                shown = ""
                while f"Subject {number}" not in shown:
                    line = next(lines)
                    if line.startswith("data:") and (subject := json.loads(line[5:])).get("subject") == "conversation":
                        shown = client.get(f"/w/{WORKSPACE}/inbox/rows?view=open&id={subject['id']}").text
                times.append((time.perf_counter() - began) * 1000)
    times = sorted(times[5:])
    return {
        "p50": round(statistics.median(times)),
        "p95": round(times[int(len(times) * 0.95)]),
        "least": round(times[0]),
    }


def _flood(dovecot: dovecots.Dovecot, worker: int, more: dict[str, str]) -> dict[str, float]:
    """A mailbox with a thousand new mails is connected."""
    for start in range(0, FLOOD, 100):
        dovecot.deliver("flood", *(letter(f"Mail {n}\n\n" + "All is well. " * 100, to="flood@desk.test", subject=f"F {n}",
                                          sender=f"c{n % 300}@example.com") for n in range(start, start + 100)))  # fmt: skip
    used = _cpu(worker)
    _mailbox(dovecot, "flood", more)
    began = time.perf_counter()
    eventually(
        lambda: _count(more, "address='flood@desk.test'", "mails__state='read'") >= FLOOD, "the flood", within=600
    )
    seconds = time.perf_counter() - began
    return {
        "mails": FLOOD,
        "per_second": round(FLOOD / seconds, 1),
        "worker_cpu_ms_each": round((_cpu(worker) - used) / FLOOD * 1000, 2),
    }


def _count(more: dict[str, str], *conditions: str) -> int:
    code = f"from conversations.models import Mailbox; print(Mailbox.all_workspaces.filter({', '.join(conditions)}).count())"
    return int(manage(HOME, "shell", "-v", "0", "-c", code, **more).strip().splitlines()[-1])


def _worker() -> int:
    """The process that reads mailboxes."""
    (found,) = (pid for pid in processes(HOME) if role(pid) == "worker")
    return found


def _memory(pid: int) -> int:
    """KiB, with its share of what it has in common with others."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1])


def _cpu(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
