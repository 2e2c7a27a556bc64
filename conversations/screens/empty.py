"""The text of an empty list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Empty:
    """Why a list is empty, and where to go next."""

    icon: str
    title: str
    why: str
    next_view: str = ""
    next_label: str = ""
    next_key: str = ""
