"""Rate limits: a token bucket per key in each web process, so that counting a call needs no query."""

from __future__ import annotations

import threading
from time import monotonic
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.web import bodies
from conversations.api.problems import RateLimited

_LOCK = threading.Lock()
_MOST_KEYS = 10_000


class Buckets:
    """Token buckets: `per_minute` calls, refilled evenly, of which `at_once` may come together (a quarter; at least ten)."""

    def __init__(self, per_minute: float, *, at_once: int | None = None) -> None:
        self.rate = per_minute / 60
        self.size = max(10.0, per_minute / 4) if at_once is None else float(at_once)
        self._left: dict[int, tuple[float, float]] = {}

    def take(self, key: int, now: float | None = None) -> None:
        """Count one call. Raises RateLimited with the whole seconds until the next is allowed."""
        if self.rate <= 0:
            return
        now = monotonic() if now is None else now
        with _LOCK:
            left, then = self._left.get(key, (self.size, now))
            left = min(self.size, left + (now - then) * self.rate)
            if left < 1:
                self._left[key] = (left, now)
                raise RateLimited(wait=int((1 - left) / self.rate) + 1)
            if len(self._left) >= _MOST_KEYS and key not in self._left:
                self._left.clear()
            self._left[key] = (left - 1, now)


calls = Buckets(settings.API_CALLS_PER_MINUTE)


class CallRate(BaseThrottle):
    """Counts a call for the key or person in `view.counted`; the web front's checks before a body arrives are not counted."""

    seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        if view.counted is None or bodies.ASKED in request._request.META:
            return True
        try:
            calls.take(view.counted)
        except RateLimited as refused:
            self.seconds = refused.wait
        return not self.seconds

    def wait(self) -> float:
        return self.seconds
