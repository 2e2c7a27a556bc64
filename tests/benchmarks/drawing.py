"""The curves: what each operation takes, in bare views, as the desk grows. One picture for light pages and one for dark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from tests.runtime.machine import ROOT

DOCS = ROOT / "docs"
COLUMNS, WIDTH, HEIGHT = 3, 430, 290  # of a panel
LEFT, TOP, RIGHT, BOTTOM = 46, 44, 174, 34  # around its curves; names stand at the right
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
LINE = 13  # between two names
HUES = ("#3b82f6", "#f59e0b", "#10b981", "#ef4444", "#8b5cf6", "#06b6d4", "#ec4899", "#84cc16")


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of a page."""

    name: str
    paper: str
    text: str
    faint: str
    grid: str


LOOKS = (
    Look("light", "#ffffff", "#1f2328", "#656d76", "#e4e7eb"),
    Look("dark", "#0d1117", "#e6edf3", "#8d96a0", "#2a313a"),
)


@dataclass(frozen=True, slots=True)
class Curve:
    """An operation: at each size, how many bare views it takes; None where it gave no answer."""

    name: str
    hue: str
    values: Sequence[float | None]

    @property
    def last(self) -> float:
        return next((value for value in reversed(self.values) if value is not None), 1.0)


def draw(results: dict[str, Any]) -> None:
    """Write the pictures of a run."""
    for look in LOOKS:
        (DOCS / f"bench-{look.name}.svg").write_text(picture(results, look), encoding="utf-8")


def picture(results: dict[str, Any], look: Look) -> str:
    """One run as SVG."""
    sizes = sorted(map(int, results["sizes"]))
    groups = list(_groups(results["sizes"], sizes))
    every = [value for _, curves in groups for curve in curves for value in curve.values if value is not None]
    low = max(tick for tick in TICKS if tick <= max(1, min(every)))
    high = min(tick for tick in TICKS if tick >= max(every) or tick == TICKS[-1])
    rows = math.ceil((len(groups) + 1) / COLUMNS)
    width, height = COLUMNS * WIDTH, rows * HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="ui-sans-serif, system-ui, sans-serif" font-size="11" fill="{look.text}" role="img">',
        "<title>What each operation takes, in multiples of a bare Django view, as conversations grow</title>",
        f'<rect width="{width}" height="{height}" fill="{look.paper}"/>',
    ]
    for place, (group, curves) in enumerate(groups):
        x, y = place % COLUMNS * WIDTH, place // COLUMNS * HEIGHT
        parts.append(f'<g transform="translate({x} {y})">')
        parts += _panel(group, curves, sizes, (low, high), look)
        parts.append("</g>")
    x, y = len(groups) % COLUMNS * WIDTH, len(groups) // COLUMNS * HEIGHT
    parts.append(f'<g transform="translate({x} {y})" fill="{look.faint}">')
    parts += [
        f'<text x="{LEFT}" y="{TOP + 18 * n}">{escape(line)}</text>' for n, line in enumerate(_words(results, sizes))
    ]
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _groups(found: dict[str, Any], sizes: Sequence[int]) -> Iterator[tuple[str, list[Curve]]]:
    grouped: dict[str, list[str]] = {}
    for name, entry in found[str(sizes[0])]["operations"].items():
        grouped.setdefault(entry["group"], []).append(name)
    for group, names in grouped.items():
        yield (
            group,
            [
                Curve(
                    name,
                    HUES[n % len(HUES)],
                    [found[str(size)]["operations"][name]["1"].get("ratio") for size in sizes],
                )
                for n, name in enumerate(names)
            ],
        )


def _panel(
    group: str, curves: list[Curve], sizes: Sequence[int], ends: tuple[float, float], look: Look
) -> Iterator[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    def across(size: float) -> float:
        span = math.log(sizes[-1]) - math.log(sizes[0]) or 1
        return LEFT + (math.log(size) - math.log(sizes[0])) / span * (right - LEFT)

    def up(value: float) -> float:
        low, high = map(math.log, ends)
        return bottom - (math.log(value) - low) / (high - low) * (bottom - TOP)

    yield f'<text x="{LEFT}" y="24" font-size="14" font-weight="600">{escape(group)}</text>'
    for tick in TICKS:
        if ends[0] <= tick <= ends[1]:
            y = up(tick)
            yield f'<line x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{look.grid}"/>'
            yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="{look.faint}">{tick}×</text>'
    for size in sizes:
        yield f'<text x="{across(size):.1f}" y="{bottom + 18}" text-anchor="middle" fill="{look.faint}">{_short(size)}</text>'
    for curve in curves:
        points = [
            (across(size), up(value)) for size, value in zip(sizes, curve.values, strict=True) if value is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline points="{path}" fill="none" stroke="{curve.hue}" stroke-width="2" stroke-linejoin="round"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{curve.hue}"/>' for x, y in points)
    for curve, y in _spaced(curves, [up(curve.last) for curve in curves], bottom):
        yield f'<text x="{right + 10}" y="{y + 4:.1f}" fill="{curve.hue}">{escape(curve.name)} {curve.last:.0f}×</text>'


def _spaced(curves: list[Curve], heights: list[float], bottom: float) -> Iterator[tuple[Curve, float]]:
    """Where each name stands: beside the end of its curve, and clear of the one above."""
    placed: list[float] = []
    order = sorted(range(len(curves)), key=lambda n: heights[n])
    for n in order:
        placed.append(max(heights[n], placed[-1] + LINE) if placed else heights[n])
    over = max(0.0, placed[-1] - bottom)
    for n, y in zip(order, placed, strict=True):
        yield curves[n], y - over


def _short(size: int) -> str:
    return f"{size // 1_000_000} M" if size >= 1_000_000 else f"{size // 1000} k"


def _words(results: dict[str, Any], sizes: Sequence[int]) -> list[str]:
    machine, bare = results["machine"], results["sizes"][str(sizes[-1])]["bare"]["1"]
    return [
        "p50 at one connection, in multiples of",
        "a bare Django view with one SELECT of 25 rows,",
        f"which took {bare['bare SELECT']['p50']:.2f} ms itself,",
        "against the number of conversations.",
        "",
        f"{machine['cores']} cores, {machine['memory_gib']:.0f} GiB; PostgreSQL {machine['postgresql'].split()[0]},",
        f"Python {machine['python']}, Django {machine['django']}",
        f"{machine['commit']}, {machine['at']}",
    ]
