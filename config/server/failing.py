"""Why a command or a process cannot go on, in one sentence for the operator of the desk: no traceback, and no password."""

from __future__ import annotations

import re

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError

from config.server.postgres.binaries import PostgresError


def sentence(error: BaseException) -> str | None:
    """The sentence for an error that an operator can do something about; None for a fault of ours."""
    if isinstance(error, ImproperlyConfigured):
        return f"Parley cannot start: {str(error).rstrip('.')}."
    if isinstance(error, PostgresError) or isinstance(error.__cause__, PostgresError):
        return str(error)
    if isinstance(error, (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)):
        return f"The database cannot be reached: {reason(error)}. Check DATABASE_URL, and that the server runs."
    return None


def reason(error: BaseException) -> str:
    """What libpq says is wrong, without its hints and its other attempts."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = next((line for line in reversed(lines) if "failed: " in line or "FATAL" in line), lines[0] if lines else "")
    text = re.sub(r"^.*?(?=connection to server|FATAL)", "", text) or type(error).__name__
    return text.rstrip(".")
