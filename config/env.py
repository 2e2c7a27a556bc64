"""Typed reading of the environment, the one source of configuration.

A value stands in the process environment, in `.env` beside `manage.py` (the process environment wins), or,
for secrets, in a file named by `NAME_FILE` (the convention of container secrets).
"""

from __future__ import annotations

import os
import re
from decimal import Decimal
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from dotenv import load_dotenv

BASE_DIR = Path(__file__).resolve().parent.parent

load_dotenv(BASE_DIR / ".env")


def text(name: str, default: str = "") -> str:
    """The value of `name`, or of the file that `NAME_FILE` points to, or the default."""
    value = os.environ.get(name)
    if value is not None and value != "":
        return value
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE names a file that cannot be read: {error}") from error
    return default


def flag(name: str, default: bool = False) -> bool:
    """True for 1, true, yes or on; False for 0, false, no or off; anything else is refused."""
    value = text(name).lower()
    if value == "":
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; it takes yes or no")


def number(name: str, default: int, *, low: int = 0, high: int = 2**31) -> int:
    """A whole number within the given limits."""
    value = text(name)
    if value == "":
        return default
    try:
        result = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a whole number") from error
    if not low <= result <= high:
        raise ImproperlyConfigured(f"{name} is {result}; it takes {low} to {high}")
    return result


def decimal(name: str, default: str, *, high: int = 10**6) -> Decimal:
    """A decimal number from 0 to `high`, written with a point and without an exponent."""
    value = text(name, default)
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value, re.ASCII):
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a decimal number such as 0.15")
    if (result := Decimal(value)) > high:
        raise ImproperlyConfigured(f"{name} is {value}; it takes 0 to {high}")
    return result


def names(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """A comma-separated list, blanks dropped."""
    value = text(name)
    return [part.strip() for part in value.split(",") if part.strip()] if value else list(default)
