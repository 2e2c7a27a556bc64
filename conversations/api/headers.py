"""The headers that a wire format has of its own, beside those that all share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Headers:
    """Where a secret is sent (`credentials`), what else a web page may send (`request`) and read (`response`), and what a
    repeated request is answered with again (`replayed`)."""

    credentials: tuple[str, ...] = ()
    request: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    replayed: tuple[str, ...] = ()
