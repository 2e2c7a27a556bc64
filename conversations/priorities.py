"""Priorities: kept verbatim, ranked when known, printed as the nearest value by formats that have an enum."""

from __future__ import annotations

from collections.abc import Iterable

RANKS = {"low": 1, "normal": 2, "medium": 2, "high": 3, "urgent": 4, "critical": 4}
NORMAL = 2


def rank(label: str) -> int:
    """How urgent a priority is, 1 to 4; an invented one ranks as normal."""
    return RANKS.get(label.strip().lower(), NORMAL)


def printed(label: str, enum: Iterable[str]) -> str:
    """The member of a format's enum that stands for the label: itself, else one of the same rank; an unknown one is normal."""
    wanted = label.strip().lower()
    members = list(enum)
    if wanted in members:
        return wanted
    return next((member for member in members if RANKS[member] == rank(wanted)), "normal")
