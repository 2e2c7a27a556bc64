"""What a run found: tables for people, `docs/bench.json` for the next run to compare itself with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.benchmarks import drawing
from tests.runtime.machine import ROOT

KEPT = ROOT / "docs" / "bench.json"
WORSE = 1.1
"""How much more than in the last kept run is marked."""
BUSY = 0.2
"""Cores that others may use before a run is called disturbed."""
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its heading, its width, and what it says of an operation."""

    heading: str
    width: int
    says: Callable[[Entry], str]


def _number(connections: str, name: str, digits: int = 1) -> Callable[[Entry], str]:
    return lambda entry: (
        f"{entry[connections][name]:.{digits}f}"
        if name in entry[connections]
        else "-" * ("fault" in entry[connections])
    )


COLUMNS = (
    Column("SQL", 5, lambda entry: str(entry["statements"])),
    Column("p50 ms", 9, _number("1", "p50")),
    Column("p95", 8, _number("1", "p95")),
    Column("×bare", 7, _number("1", "ratio")),
    Column("×insert", 8, _number("1", "ratio_insert")),
    Column("×CPU", 7, _number("1", "cpu_ratio")),
    Column("8: p50", 9, _number("8", "p50")),
    Column("p95", 8, _number("8", "p95")),
    Column("×bare", 7, _number("8", "ratio")),
    Column("×CPU", 7, _number("8", "cpu_ratio")),
    Column("CPU: web", 10, _number("1", "cpu_web")),
    Column("worker", 7, _number("1", "cpu_worker")),
    Column("database", 9, _number("1", "cpu_database")),
    Column("client", 7, _number("1", "cpu_client", 2)),
)
LEGEND = """\
SQL: statements. ×bare, ×insert: p50 in multiples of the bare views' beside it; ×CPU: processor time of web and database in
multiples of the bare SELECT's, which a busy machine changes little. CPU in ms for each round at one connection, for writes with
what the worker does afterwards. 8: at eight connections."""


@cache
def kept() -> dict[str, Any]:
    """The run that was kept last."""
    found: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {"sizes": {}}
    return found


def show(results: dict[str, Any], *, keep: bool, also: str | None = None) -> None:
    """Print the tables, beside what was kept last; keep the run if asked to."""
    before = kept()
    print(f"\n{LEGEND}")
    if "machine" in before:
        machine = before["machine"]
        print(
            f"was: ×bare at one and eight connections in {machine['commit']} of {machine['at']}, and what is over 10 % worse now;"
        )
        print("in brackets where processor time, which is steadier, is not worse.")
    for size, found in results["sizes"].items():
        print(_table(size, found, before["sizes"].get(size)))
    if len(results["sizes"]) > 1:
        print(_growth(results["sizes"]))
    if also:
        Path(also).write_text(_written(results))
    if keep:
        KEPT.write_text(_written(results))
        drawing.draw(results)
        print(f"\nKept in {KEPT.relative_to(ROOT)}, and drawn.")


def _written(results: dict[str, Any]) -> str:
    """As JSON, one line for what belongs together, so that two runs can be compared in a diff."""
    return re.sub(r"\{[^{}]*\}", lambda inner: " ".join(inner[0].split()), json.dumps(results, indent=1)) + "\n"


def _table(size: str, found: dict[str, Any], before: dict[str, Any] | None) -> str:
    headings = "".join(f"{column.heading:>{column.width}}" for column in COLUMNS)
    lines = ["", f"{int(size):,} conversations", f"{'':26}{headings}{'   was' if before else ''}"]
    for n, views in found["bare"].items():
        shown = ", ".join(
            f"{view} {cost['p50']:.2f} ms (CPU {cost['cpu']:.2f} ms, and the client's {cost['cpu_client']:.2f})"
            for view, cost in views.items()
        )
        lines.append(f"  p50 at {n}: {shown}")
    group = ""
    for name, entry in found["operations"].items():
        if entry["group"] != group:
            group = entry["group"]
            lines.append(group)
        shown = "".join(f"{column.says(entry):>{column.width}}" for column in COLUMNS)
        lines.append(f"  {name:24}{shown}{_beside(entry, (before or {}).get('operations', {}).get(name))}")
    return "\n".join([*lines, *_memory(found)])


def _memory(found: dict[str, Any]) -> list[str]:
    rest, after = found["memory"]["at_rest"], found["memory"]["after"]
    lines = [
        f"Memory (PSS) of all our processes: {rest['ours']:.0f} MiB at rest, {after['ours']:.0f} MiB after all this (web "
        f"{after['web']:.0f}, worker {after['worker']:.0f}); PostgreSQL's: {after['database']:.0f} MiB."
    ]
    if streams := found.get("streams"):
        lines.append(
            f"With {streams['count']:,} open streams: {streams['memory']['ours']:.0f} MiB, {streams['kib_each']:.0f} KiB each; first "
            f"event after {streams['first_event_p50']:.1f} ms (p95 {streams['first_event_p95']:.1f}); silent, they cost "
            f"{streams['web_cpu_percent']:.0f} % of a core."
        )
    if found["others"] > BUSY:
        lines.append(f"DISTURBED: others used {found['others']:.1f} cores meanwhile; go by ×CPU rather than by ×bare.")
    return lines


def _beside(entry: Entry, old: Entry | None) -> str:
    """The ratios that were kept last, and a mark where these are worse."""
    if old is None:
        return ""
    parts = []
    for connections in ("1", "8"):
        was, now = old[connections], entry[connections]
        if "fault" in was or "fault" in now:
            parts.append("no answer" if "fault" in was else f"{was['ratio']:.1f} NO ANSWER NOW")
            continue
        mark = ""
        if _is_worse(now, was, "ratio"):
            mark = f"{now['ratio'] / was['ratio'] - 1:+.0%}"
            mark = f" {mark} WORSE" if _is_worse(now, was, "cpu_ratio") else f" ({mark})"
        parts.append(f"{was['ratio']:.1f}{mark}")
    return f"   {', '.join(parts)}"


def _is_worse(now: Entry, was: Entry, name: str) -> bool:
    return "fault" not in was and ("fault" in now or now[name] > was[name] * WORSE)


def is_doubtful(size: int, name: str, entry: Entry) -> bool:
    """Whether an operation seems to have become worse, so that it is worth measuring once more."""
    old = kept()["sizes"].get(str(size), {}).get("operations", {}).get(name)
    return old is not None and any(_is_worse(entry[n], old[n], "ratio") for n in ("1", "8"))


def _growth(sizes: dict[str, Any]) -> str:
    """How an operation's time grows from the smallest database to the others, each in bare views; CPU in brackets."""
    smallest, *others = sizes
    lines = [
        "",
        f"{'Time × that at ' + format(int(smallest), ','):26}" + "".join(f"{int(size):>16,}" for size in others),
    ]
    for name, entry in sizes[smallest]["operations"].items():
        shown = ""
        for size in others:
            other = sizes[size]["operations"][name]["1"]
            if "fault" in other or "fault" in entry["1"]:
                shown += f"{'no answer':>16}"
                continue
            cpu = f"({other['cpu_ratio'] / entry['1']['cpu_ratio']:.2f})"
            shown += f"{other['ratio'] / entry['1']['ratio']:>8.2f}{cpu:>8}"
        lines.append(f"  {name:24}{shown}")
    return "\n".join(lines)
