"""A wire format's own headers, besides those that all share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Headers:
    """Headers with a secret (`credentials`), others that a web page may send (`request`) and read (`response`), and those that
    a repeated request gets again (`replayed`)."""

    credentials: tuple[str, ...] = ()
    request: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    replayed: tuple[str, ...] = ()
