"""The desk's clock: doors read it and pass the moment down; verbs never read a clock themselves."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """This moment in UTC, cut to milliseconds.

    Every documented format prints milliseconds at most, so a moment that went out and came back equals the stored one.
    """
    moment = timezone.now()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
