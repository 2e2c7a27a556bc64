"""Outages: the database, the storage of files or the cache cannot be reached, or there is no space left."""

from __future__ import annotations

import errno
import sys

from django.db import Error, InterfaceError, OperationalError
from django.utils.translation import gettext_noop
from psycopg.errors import DiskFull

from accounts.errors import StorageUnavailable
from conversations.api.problems import Problem

NO_DATABASE = gettext_noop("The desk cannot reach its database. Try again in a moment.")
NO_STORAGE = gettext_noop("The desk cannot reach the storage of its files. Nothing was changed. Try again in a moment.")
NO_CACHE = gettext_noop("The desk cannot reach its cache. Try again in a moment.")
NO_ROOM = gettext_noop("The desk has no space left to store this. Nothing was changed.")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_full(error: BaseException | None) -> bool:
    """Whether the disk, a quota or PostgreSQL's disk is used up."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    return isinstance(error, Error) and isinstance(error.__cause__, DiskFull)


def _is_of_the_cache(error: BaseException | None) -> bool:
    """Whether Redis does not answer. Its package is loaded where it is used, and need not be installed."""
    redis = sys.modules.get("redis.exceptions")
    return redis is not None and isinstance(error, (redis.ConnectionError, redis.TimeoutError))


def of(error: BaseException | None) -> Problem | None:
    """The 503 that an exception stands for, or None for a bug."""
    if isinstance(error, StorageUnavailable):
        return Problem(503, "unavailable", NO_STORAGE, headers={"Retry-After": "10"})
    if _is_of_the_cache(error):
        return Problem(503, "unavailable", NO_CACHE, headers={"Retry-After": "5"})
    if is_full(error):
        return Problem(503, "unavailable", NO_ROOM, headers={"Retry-After": "60"})
    if isinstance(error, (OperationalError, InterfaceError)):
        return Problem(503, "unavailable", NO_DATABASE, headers={"Retry-After": "5"})
    return None
