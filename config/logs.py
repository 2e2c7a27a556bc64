"""The lines of the log: what they carry, and what is left out of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.core.exceptions import SuspiciousOperation
from django.db import Error, InterfaceError, OperationalError

from accounts import log_context


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


class WithoutRows(logging.Formatter):
    """Tracebacks without the values that PostgreSQL repeats: they may be what somebody wrote."""

    def formatException(self, ei: Any) -> str:
        text = super().formatException(ei)
        for error in _chain(ei[1]):
            if isinstance(error, (Error, psycopg.Error)):
                text = text.replace(str(error), _without_rows(error))
        return text


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that a traceback may show with it: each once, for they can lead back to each other."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]


def _without_rows(error: BaseException) -> str:
    """PostgreSQL's message and its hint: below the message it repeats values of the row, of as many lines as they have."""
    diagnostics = getattr(error if isinstance(error, psycopg.Error) else error.__cause__, "diag", None)
    hint = diagnostics.message_hint if diagnostics else None
    return str(error).split("\n", 1)[0] + (f"\nHINT:  {hint}" if hint else "")


class Line(WithoutRows):
    """One line for people: the moment, the level, who speaks, what happened, and what it belongs to."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        facts = "".join(f" {name}={value}" for name, value in log_context.current().items())
        return f"{super().formatMessage(record)}{facts}"


class Json(WithoutRows):
    """One object of JSON for programs, on one line, the traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **log_context.current(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
