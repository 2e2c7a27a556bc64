"""Error bodies: known errors as indented JSON with their code in a header, everything else as plain text."""

from __future__ import annotations

from typing import Any, ClassVar

import orjson
from django.http import HttpRequest, HttpResponse
from rest_framework import serializers

from conversations.api import cors
from conversations.api.error_bodies import ErrorBodies
from conversations.api.problems import Problem
from conversations.dialects.hexclave.errors import KNOWN, NO_CONVERSATION, KnownError, StatusError, Violations
from conversations.dialects.hexclave.headers import HEADERS, finish, put, request_id


class HexclaveError(serializers.Serializer[Any]):
    """A known error: `code` is for programs, `error` for people; `details` depends on the code and may be absent."""

    code = serializers.ChoiceField(choices=list(KNOWN))
    details = serializers.DictField(required=False)
    error = serializers.CharField()


class HexclaveErrorBodies(ErrorBodies):
    """Three shapes: known errors, refusals in plain text, and crashes in plain text."""

    renamed_statuses: ClassVar[dict[int, int]] = {415: 400, 422: 400}

    def response(self, problem: Problem, request: HttpRequest) -> HttpResponse:
        if request.method == "OPTIONS" and problem.cause is None and problem.status == 404:
            # The browser asks first, so that a page can read the 404 itself.
            response = cors.preflight(HEADERS)
            finish(request, response)
            return response
        error = _error(problem, request)
        if isinstance(error, KnownError):
            response = HttpResponse(_body(error), content_type="application/json; charset=utf-8")
            put(response, "Known-Error", error.known_code)
        else:
            response = HttpResponse(error.message, content_type="text/plain; charset=utf-8")
        response.status_code = error.status_code
        for name, value in problem.headers.items():
            response[name] = value
        if problem.cause is None:
            # Django's own answer, which no view of ours finishes.
            finish(request, response)
        return response

    def serializer(self, status: int) -> type[serializers.BaseSerializer[Any]] | str:
        return HexclaveError if status in (400, 401, 403, 404) else "text/plain"


def _body(error: KnownError) -> bytes:
    body: dict[str, Any] = {"code": error.known_code, "details": error.details, "error": error.message}
    if error.details is None:
        del body["details"]
    return orjson.dumps(body, option=orjson.OPT_INDENT_2)


def _error(problem: Problem, request: HttpRequest) -> KnownError | StatusError:
    match problem.cause:
        case KnownError() | StatusError() as error:
            return error
        case Violations(lines=lines):
            return _schema_error(lines, request)
    match problem.code:
        case "parse_error" if problem.faults:
            # It was JSON, but one of its values cannot be stored.
            paths = [f"body.{fault.field}" if fault.field else "body" for fault in problem.faults]
            named = [f"{path}: {fault.message}" for path, fault in zip(paths, problem.faults, strict=True)]
            return _schema_error(named, request)
        case "parse_error" | "unsupported_media_type":
            return KnownError("BODY_PARSING_ERROR")
        case "idempotency_conflict":
            return _schema_error(["headers.idempotency-key was used before with another request"], request)
        case "not_found" if problem.cause is not None:
            return StatusError(404, NO_CONVERSATION)
        case "not_found":
            return StatusError(404, f"There is nothing at {request.build_absolute_uri(request.path)}; see /api/docs.")
    if problem.status == 400 and problem.faults:
        return _schema_error([f"{fault.field or 'request'}: {fault.message}" for fault in problem.faults], request)
    if problem.status >= 500:
        return StatusError(problem.status, f"{problem.message} Request id: {request_id(request)}")
    return StatusError(problem.status, problem.message)


def _schema_error(lines: list[str] | tuple[str, ...], request: HttpRequest) -> KnownError:
    # Further lines of a message are indented below it.
    listed = "\n".join("  - " + line.replace("\n", "\n  ") for line in lines)
    return KnownError(
        "SCHEMA_ERROR", message=f"Request validation failed on {request.method} {request.path}:\n{listed}"
    )


ERROR_BODIES = HexclaveErrorBodies()
