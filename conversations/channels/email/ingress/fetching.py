"""Fetching what a provider keeps: from public addresses alone, with limits of size and time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from accounts import outside


class Unreachable(Exception):
    """The provider does not answer at present, or not as it should."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    content: bytes = field(repr=False)


def get(url: str, *, largest: int, timeout: float, headers: Mapping[str, str] | None = None) -> Answer:
    """GET an address over https. `timeout` is in seconds, for all of it. Raises Unreachable; redirects are not followed."""
    import httpx2  # most processes never need it

    end = time.monotonic() + timeout
    content = bytearray()
    try:
        parts = urlsplit(url)
        if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and _is_admitted())):
            raise Unreachable("this is not an https address")
        outside.addresses(parts.hostname, parts.port or 443)
        with (
            httpx2.Client(timeout=timeout, follow_redirects=False) as client,
            client.stream("GET", url, headers=dict(headers or {})) as response,
        ):
            for piece in response.iter_bytes():
                content += piece
                if len(content) > largest:
                    raise Unreachable("the answer is too large")
                if time.monotonic() > end:
                    raise Unreachable("the answer takes too long")
            return Answer(response.status_code, bytes(content))
    except (httpx2.RequestError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise Unreachable(type(error).__name__) from error


def _is_admitted() -> bool:
    """Whether a test machine may be asked without encryption."""
    from django.conf import settings

    return bool(settings.ALLOW_PRIVATE_HOSTS)
