"""The errors of requests, which each wire format prints in its own way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DataError
from django.http import Http404
from rest_framework import exceptions

from accounts import errors
from accounts.credentials.authentication import BadKey, ExpiredKey


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of the input: the field's path (None: the request as a whole), a code, and a message."""

    field: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """An HTTP status, a stable code, a message for developers, and where they apply the faults and the missing scope."""

    status: int
    code: str
    message: str
    faults: tuple[Fault, ...] = ()
    scope: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cause: Exception | None = None


class TooLarge(Exception):
    """The body is over the size limit."""


class NotStorable(exceptions.ParseError):
    """JSON with a value that cannot be stored, such as half a surrogate pair; `field` is its path, if it has one."""

    def __init__(self, message: str, field: str | None) -> None:
        super().__init__(message)
        self.field = field


class IdempotencyMismatch(Exception):
    """The Idempotency-Key was used before with another request."""


class RateLimited(Exception):
    """The key has made too many requests; `wait` says for how many seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.wait = wait


class OriginRefused(Exception):
    """The key may not be used from this origin."""


class MissingProof(Exception):
    """A client key was used on existing conversations without the proof of its end user."""


_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_STATUS: dict[type[errors.DomainError], int] = {
    errors.NotFound: 404,
    errors.Forbidden: 403,
    errors.Conflict: 409,
    errors.UsedUp: 402,
}


def of(error: Exception) -> Problem | None:
    """The problem that an exception stands for, or None for a bug (which becomes a 500)."""
    match error:
        case ExpiredKey():
            message = "This key is past its end date."
            return Problem(401, "key_expired", message, headers=_CHALLENGE, cause=error)
        case BadKey():
            message = "The API key is missing, unknown or revoked."
            return Problem(401, "unauthorized", message, headers=_CHALLENGE, cause=error)
        case errors.DomainError():
            return _domain(error)
        case DataError():
            # The last resort: a check of ours should have refused it earlier.
            errors.log_refused(error)
            return Problem(400, "invalid_request", "The request holds a value that cannot be kept.", cause=error)
        case TooLarge() | RequestDataTooBig():
            return Problem(413, "payload_too_large", "The request body is over the size limit.", cause=error)
        case IdempotencyMismatch():
            message = "This Idempotency-Key was used before with another request."
            return Problem(422, "idempotency_conflict", message, cause=error)
        case RateLimited(wait=wait):
            message = f"Too many requests. Try again in {wait} s."
            return Problem(429, "rate_limited", message, headers={"Retry-After": str(wait)}, cause=error)
        case OriginRefused():
            return Problem(403, "origin_refused", "This key may not be used from this origin.", cause=error)
        case MissingProof():
            message = "A client key must prove its end user here: send X-User-Email with X-User-Hash."
            return Problem(403, "identity_required", message, cause=error)
        case exceptions.ValidationError():
            faults = tuple(_faults(error.get_full_details()))
            return Problem(400, "invalid_request", faults[0].message if faults else "Invalid.", faults, cause=error)
        case NotStorable(field=field):
            fault = Fault(field, "not_text", str(error.detail))
            return Problem(400, "parse_error", fault.message, (fault,), cause=error)
        case exceptions.ParseError():
            return Problem(400, "parse_error", str(error.detail), cause=error)
        case exceptions.MethodNotAllowed():
            return Problem(405, "method_not_allowed", str(error.detail), cause=error)
        case exceptions.UnsupportedMediaType():
            message = "Send the body as application/json."
            return Problem(415, "unsupported_media_type", message, cause=error)
        case exceptions.NotFound() | Http404():
            return Problem(404, "not_found", "There is nothing here.", cause=error)
        case exceptions.PermissionDenied() | PermissionDenied():
            return Problem(403, "forbidden", "This is not allowed.", cause=error)
        case exceptions.APIException():
            return Problem(error.status_code, "invalid_request", str(error.detail), cause=error)
    return None


def _domain(error: errors.DomainError) -> Problem:
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 400)
    faults = (Fault(error.field, error.code, error.message),) if error.field is not None or status == 400 else ()
    scope = error.scope if isinstance(error, errors.Forbidden) else None
    code = error.code if status != 400 else "invalid_request"
    return Problem(status, code, error.message, faults, scope, cause=error)


def _faults(details: Any, path: str = "") -> Iterator[Fault]:
    """REST framework's nested details as a flat list, field paths joined with dots."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield Fault(path or None, str(details["code"]), str(details["message"]))
    elif isinstance(details, dict):
        for name, inner in details.items():
            step = "" if name == "non_field_errors" else str(name)
            yield from _faults(inner, f"{path}.{step}".strip(".") if step else path)
    elif isinstance(details, list):
        for inner in details:
            yield from _faults(inner, path)
