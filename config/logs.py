"""What is left out of the log."""

from __future__ import annotations

import logging

from django.db import InterfaceError, OperationalError


class WithoutTracebackOfOutages(logging.Filter):
    """A database that is away is one line for each request, and not a traceback: nobody made a mistake there."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, (OperationalError, InterfaceError)):
            why = str(error).split("\n", 1)[0] or type(error).__name__
            record.msg, record.args, record.exc_info = f"{record.getMessage()}: {why}", (), None
        return True
