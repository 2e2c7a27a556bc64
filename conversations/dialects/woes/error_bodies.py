"""Errors: `{"code", "error"}`, two strings; a superset names the field at fault."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from conversations.api.error_bodies import ErrorBodies
from conversations.api.problems import Problem

_CODES = {"origin_refused": "forbidden", "identity_required": "forbidden", "parse_error": "invalid_request"}
_FIELDS = {"email": "customer.email"}
"""This format's paths for fields of the verbs."""
CODES = (
    "unauthorized", "key_expired", "forbidden", "not_found", "method_not_allowed", "conflict", "invalid_request",
    "payload_too_large", "unsupported_media_type", "idempotency_conflict", "rate_limited", "internal_error", "unavailable",
)  # fmt: skip


class WoesError(serializers.Serializer[Any]):
    """`code` is for programs, `error` for people; `field` names the invalid input, if any."""

    code = serializers.ChoiceField(choices=CODES)
    error = serializers.CharField()
    field = serializers.CharField(required=False)


class WoesErrorBodies(ErrorBodies):
    """The documented flat error body."""

    def body(self, problem: Problem) -> Any:
        code = _CODES.get(problem.code, problem.code)
        body = {"code": code if code in CODES else _by_status(problem.status), "error": problem.message}
        if problem.faults and (field := problem.faults[0].field):
            body["field"] = _FIELDS.get(field) or _camel(field)
            body["error"] = f"{body['field']}: {problem.faults[0].message}"
        return body

    def serializer(self, status: int) -> type[serializers.BaseSerializer[Any]]:
        return WoesError


def _by_status(status: int) -> str:
    return {403: "forbidden", 404: "not_found", 409: "conflict"}.get(status, "invalid_request")


def _camel(path: str) -> str:
    head, *rest = path.split("_")
    return head + "".join(part.capitalize() for part in rest)


ERROR_BODIES = WoesErrorBodies()
