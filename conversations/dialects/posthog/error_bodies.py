"""Errors: `{"type", "code", "detail", "attr"}`, one at a time; `attr` is the field, nested ones joined with `__`.

A few calls answer `{"detail"}` or `{"detail", "error_type"}` instead, as documented: they say so themselves. The calls of the
widget and of `external` answer `{"error"}` where they refuse something themselves, and the usual body otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.api.error_bodies import ErrorBodies
from conversations.api.problems import Problem
from conversations.dialects.posthog.auth import NoKey

TYPES = ("authentication_error", "invalid_request", "server_error", "throttled_error", "validation_error")
_BY_STATUS: dict[int, tuple[str, str]] = {
    401: ("authentication_error", "authentication_failed"),
    402: ("server_error", "quota_limit_exceeded"),
    403: ("authentication_error", "permission_denied"),
    404: ("invalid_request", "not_found"),
    405: ("invalid_request", "method_not_allowed"),
    409: ("server_error", "conflict"),
    413: ("invalid_request", "payload_too_large"),
    415: ("invalid_request", "unsupported_media_type"),
    429: ("throttled_error", "throttled"),
    500: ("server_error", "error"),
    503: ("server_error", "unavailable"),
}
_FAULTS = {"too_long": "max_length", "max_string_length": "max_length"}
_KNOWN_FAULTS = frozenset(
    {"required", "invalid_choice", "max_length", "min_length", "blank", "null", "max_value", "min_value"}
)


class PosthogError(serializers.Serializer[Any]):
    """`type` and `code` are for programs, `detail` for people; `attr` names the invalid field."""

    type = serializers.ChoiceField(choices=TYPES)
    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class PosthogDetail(serializers.Serializer[Any]):
    """The short error body of a few calls."""

    detail = serializers.CharField()


class PosthogErrorText(serializers.Serializer[Any]):
    """The error body of a few calls: a text for people."""

    error = serializers.CharField()


class PosthogWidgetError(serializers.Serializer[Any]):
    """The error body of the widget's calls: a text for people, and for an invalid request the errors of each field."""

    error = serializers.CharField()
    details = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False)


class Refusal(Exception):
    """A call of the widget that is answered `{"error"}`, with `details` where they are given."""

    def __init__(self, status: int, text: str, details: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.body: dict[str, Any] = {"error": text} | ({"details": dict(details)} if details else {})


class PosthogErrorBodies(ErrorBodies):
    """The documented error body."""

    renamed_statuses: ClassVar[dict[int, int]] = {422: 400}

    def status(self, problem: Problem) -> int:
        return self.renamed_statuses.get(problem.status, problem.status)

    def body(self, problem: Problem) -> Any:
        kind, code = _BY_STATUS.get(problem.status, ("invalid_request", problem.code))
        detail, attr = problem.message, None
        if isinstance(problem.cause, NoKey):
            code, detail = "not_authenticated", "Authentication credentials were not provided."
        elif problem.scope is not None:
            detail = f"This key lacks the required scope '{problem.scope}'."
        elif problem.status == 400 and problem.code == "parse_error":
            attr = (problem.faults[0].field or "").replace(".", "__") or None if problem.faults else None
        elif problem.status == 400:
            kind, code = "validation_error", "invalid_input"
            if problem.faults:
                fault = problem.faults[0]
                found = _FAULTS.get(fault.code, fault.code)
                code = found if found in _KNOWN_FAULTS else "invalid_input"
                detail, attr = fault.message, (fault.field or "").replace(".", "__") or None
        return {"type": kind, "code": code, "detail": detail, "attr": attr}

    def serializer(self, status: int) -> type[serializers.BaseSerializer[Any]]:
        return PosthogError


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string"},
            {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        ]
    }
)
class _TextOrFaults(serializers.JSONField):
    """A text, or the errors of each field."""


class PosthogExternalInvalid(serializers.Serializer[Any]):
    """What is wrong: a text, or the errors of each field."""

    error = _TextOrFaults()


class ExternalErrorBodies(PosthogErrorBodies):
    """`{"error": text}`; for an invalid body `{"error": {field: [texts]}}`."""

    _OWN: ClassVar[frozenset[int]] = frozenset({400, 401, 403, 404})

    def body(self, problem: Problem) -> Any:
        if self.status(problem) not in self._OWN:
            return super().body(problem)
        texts = {fault.field: [fault.message] for fault in problem.faults if fault.field}
        return {"error": texts if problem.status == 400 and texts else super().body(problem)["detail"]}

    def serializer(self, status: int) -> type[serializers.BaseSerializer[Any]]:
        if status == 400:
            return PosthogExternalInvalid
        return PosthogErrorText if status in self._OWN else PosthogError


class WidgetErrorBodies(PosthogErrorBodies):
    """A token that opens nothing is 403: no header challenges a browser, and none could be answered there."""

    renamed_statuses: ClassVar[dict[int, int]] = {**PosthogErrorBodies.renamed_statuses, 401: 403}

    def body(self, problem: Problem) -> Any:
        found = super().body(problem)
        if problem.status == 401:
            found["detail"] = "There is no widget with this token."
        return found

    def response(self, problem: Problem, request: HttpRequest) -> HttpResponse:
        return super().response(replace(problem, headers={}) if problem.status == 401 else problem, request)


ERROR_BODIES = PosthogErrorBodies()
