"""What is left out of the log."""

from __future__ import annotations

import logging

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError


class WithoutTracebackOfOthers(logging.Filter):
    """Logs a database that is away, or an invalid request, as one line without a traceback: neither is a fault of the desk."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, (OperationalError, InterfaceError)):
            why = str(error).split("\n", 1)[0] or type(error).__name__
            record.msg, record.args, record.exc_info = f"{record.getMessage()}: {why}", (), None
        elif isinstance(error, SuspiciousOperation):
            record.exc_info = None
        return True
