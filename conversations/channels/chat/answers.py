"""Answers of the frame's API: JSON, and errors with a code that the frame has words for."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpResponse

from accounts import errors

_CODES = {"blank": "required", "too_long": "too_long", "too_large": "too_large"}


def json(data: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(data), status=status, content_type="application/json")


def refused(status: int, code: str, error: str, field: str | None = None) -> HttpResponse:
    """An error: a code, a sentence in English, and the field at fault if one is."""
    body = {"code": code, "error": error}
    return json(body if field is None else {**body, "field": field}, status)


def invalid(error: errors.DomainError) -> HttpResponse:
    """Input that cannot be taken."""
    code = _CODES.get(error.code, error.code)
    return refused(413 if code == "too_large" else 422, code, errors.sentence(error), error.field)
