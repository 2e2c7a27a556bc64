"""Errors: `{"detail"}`; a refused body or filter names its fields instead, `{"subject": ["…"]}`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers

from conversations.api.error_bodies import ErrorBodies
from conversations.api.problems import Problem

_FIELDS = {"email": "user_email", "first_name": "user_first_name", "last_name": "user_last_name", "kind": "key_type"}
"""This format's names for fields of the verbs."""


class BancroftError(serializers.Serializer[Any]):
    """`detail` is a message for people."""

    detail = serializers.CharField()


class BancroftFaults(serializers.Serializer[Any]):
    """What is wrong with each field; `detail` where it is the body as a whole."""


class BancroftFaultsShape(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # registers itself
    """The names of the fields are the keys, which no serializer can declare."""

    target_class = BancroftFaults

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        messages = {"type": "array", "items": {"type": "string"}, "minItems": 1}
        return {
            "description": BancroftFaults.__doc__,
            "oneOf": [
                {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]},
                {"type": "object", "additionalProperties": messages, "minProperties": 1},
            ],
        }


class BancroftErrorBodies(ErrorBodies):
    """The documented `detail`, and REST framework's lists per field."""

    def body(self, problem: Problem) -> Any:
        if problem.status != 400 or not any(fault.field for fault in problem.faults):
            return {"detail": problem.message}
        named: dict[str, list[str]] = {}
        for fault in problem.faults:
            head, *rest = (fault.field or "detail").split(".")
            message = f"{'.'.join(rest)}: {fault.message}" if rest else fault.message
            named.setdefault(_FIELDS.get(head, head), []).append(message)
        return named

    def serializer(self, status: int) -> type[serializers.BaseSerializer[Any]]:
        return BancroftFaults if status == 400 else BancroftError


ERROR_BODIES = BancroftErrorBodies()
