"""What can go wrong in the domain. A door turns these into its own words and status codes."""

from __future__ import annotations

import logging
import traceback

from django.db import DataError

logger = logging.getLogger(__name__)


class DomainError(Exception):
    """A request that cannot be carried out.

    `code` is stable and machine-readable, `message` is English for a developer, `field` names the input at fault
    (dotted for nested input) or is None.
    """

    code = "invalid"

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code


class Invalid(DomainError):
    """The input cannot be accepted as it stands."""


class NotFound(DomainError):
    """There is no such row here; a row of another workspace counts as missing."""

    code = "not_found"


class Forbidden(DomainError):
    """The actor may not do this. `scope` names the scope that was missing, if that was the reason."""

    code = "forbidden"

    def __init__(self, message: str, *, scope: str | None = None, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.scope = scope


class Conflict(DomainError):
    """The request contradicts the present state, such as a second row with a unique external id."""

    code = "conflict"


class UsedUp(DomainError):
    """A limit is reached."""

    code = "quota_limit_exceeded"


class StorageUnavailable(OSError):
    """Where uploads are kept cannot be reached, or refuses. Nothing was changed; the message names no file."""


def log_refused(error: DataError) -> None:
    """Log that PostgreSQL refused a value that passed all checks: where it came from, without the value."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/site-packages/" not in frame.filename]
    where = f"{ours[-1].filename}:{ours[-1].lineno}" if ours else "nowhere of ours"
    logger.error("value_refused sqlstate=%s at=%s", getattr(error.__cause__, "sqlstate", None), where)


def sentence(error: DomainError) -> str:
    """The error as people read it."""
    return error.message[:1].upper() + error.message[1:] + ("" if error.message.endswith((".", "?")) else ".")
