"""Outages: the database cannot be reached, or there is no space left."""

from __future__ import annotations

import errno

from django.db import Error, InterfaceError, OperationalError
from psycopg.errors import DiskFull

from conversations.api.problems import Problem

NO_DATABASE = "The desk cannot reach its database. Try again in a moment."
NO_ROOM = "The desk has no space left to store this. Nothing was changed."
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_full(error: BaseException | None) -> bool:
    """Whether the disk, a quota or PostgreSQL's disk is used up."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    return isinstance(error, Error) and isinstance(error.__cause__, DiskFull)


def of(error: BaseException | None) -> Problem | None:
    """The 503 that an exception stands for, or None for a bug."""
    if is_full(error):
        return Problem(503, "unavailable", NO_ROOM, headers={"Retry-After": "60"})
    if isinstance(error, (OperationalError, InterfaceError)):
        return Problem(503, "unavailable", NO_DATABASE, headers={"Retry-After": "5"})
    return None
