"""The text of an empty list."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Empty:
    """Why a list is empty, and where to go next."""

    icon: str
    title: str | Promise
    why: str | Promise
    next_view: str = ""
    next_label: str | Promise = ""
    next_key: str = ""
