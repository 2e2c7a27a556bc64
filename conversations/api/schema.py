"""OpenAPI for wire formats: what every operation of a format can answer besides what its action declares.

Client generators name their types by ours, so components are named here by one rule, and fields are freed of what
drf-spectacular writes for its own hooks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from rest_framework.serializers import BaseSerializer, Serializer

from conversations.api import discovery, filters

_DESCRIPTIONS = {
    400: "The request is invalid. Nothing was changed.",
    401: "The credential is missing, unknown, revoked or expired.",
    403: "The credential does not allow this.",
    404: "Not found in this workspace.",
    405: "This path does not take that method.",
    409: "The request contradicts the present state; nothing was changed.",
    413: "The body is over the size limit.",
    415: "The body is not JSON.",
    422: "The Idempotency-Key was used before with another request.",
    429: "The key has made too many requests.",
    500: "The desk failed; nothing was changed.",
    503: "The desk is busy, or cannot reach its database; nothing was changed. Repeat the request later.",
}
_IDEMPOTENCY_KEY: dict[str, Any] = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "maxLength": 255},
    "description": "Repeating the request with the same key within 24 hours replays the first answer.",
}
_RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait before the next call."}}
_REPLAYED = {
    "Idempotent-Replayed": {
        "schema": {"type": "string", "enum": ["true"]},
        "description": "Present when this is the first answer to a repeated request.",
    }
}


def _bodies(method: str, path: str) -> Mapping[str, Any]:
    """Example bodies of a call, the usual one first, which the API page offers to send."""
    dialect = discovery.dialect_of(path)
    return dialect.bodies.get(f"{method} {path}", {}) if dialect else {}


class BearerKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """`Authorization: Bearer <key>`."""

    target_class = "conversations.api.credentials.BearerKey"
    match_subclasses = True
    name = "bearerKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "An API key of a workspace."}


class DialectSchema(AutoSchema):
    """Adds the format's errors, the Idempotency-Key header and the product's tag to what an action declares."""

    view: Any

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", "API")]

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Never guessed: formats have list bodies of their own, which actions declare."""
        return False

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        found = getattr(self.view, "filterset_class", None)
        return filters.parameters(found) if found is not None and self.view.action == "list" else []

    def _get_pagination_parameters(self) -> list[dict[str, Any]]:
        pages = self._get_paginator() if self.view.action == "list" else None  # type: ignore[no-untyped-call]
        return pages.get_schema_operation_parameters(self.view) if pages is not None else []

    def get_serializer_name(self, serializer: Serializer[Any], direction: Direction) -> str:
        """Begins with the format: all five share words such as `MessageInput`, and the whole document holds them all."""
        name, prefix = type(serializer).__name__, self.get_tags()[0].capitalize()
        return name if name.startswith(prefix) else f"{prefix}{name}"

    def _get_serializer_name(self, serializer: Any, direction: Direction, bypass_extensions: bool = False) -> str:
        """What is only ever sent is not marked as a request again: `…MessageInput`, `…ConversationPatch`."""
        name: str = super()._get_serializer_name(serializer, direction, bypass_extensions)
        return name.removesuffix("Request") if name.endswith(("InputRequest", "PatchRequest")) else name

    def _map_serializer_field(self, field: Any, direction: Direction, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if not isinstance(schema, dict):
            return schema
        # A mark for a hook that is not in use, and a list that says each choice twice.
        if schema.pop("x-spec-enum-id", None) is not None and not field.help_text:
            schema.pop("description", None)
        if None in schema.get("enum", ()):
            # Generators make one type of this, and three of an enum that holds null.
            values = [value for value in schema.pop("enum") if value is not None]
            schema.pop("type", None)
            schema = {"oneOf": [{"type": "string", "enum": values}, {"type": "null"}], **schema}
        # Where null is one member already, a second would match together with it: `oneOf` would refuse every null.
        for union in ("oneOf", "anyOf"):
            if {} in schema.get(union, ()):
                del schema[union]  # Any value at all, null included.
            elif union in schema:
                schema[union] = [member for n, member in enumerate(schema[union]) if member not in schema[union][:n]]
        return schema

    def _get_request_for_media_type(self, serializer: Any, direction: Direction = "request") -> tuple[Any, bool]:
        """A body is also required where no one field is, but one of several: the serializer says so by `needs_body`."""
        schema, is_required = super()._get_request_for_media_type(serializer, direction)  # type: ignore[no-untyped-call]
        return schema, is_required or getattr(serializer, "needs_body", False)

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is None or not hasattr(self.view, "error_bodies"):
            return operation
        if method in {"POST", "PATCH", "PUT"} and self.view.is_idempotent:
            operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
            for status, answer in operation["responses"].items():
                if status.startswith("2"):
                    answer["headers"] = {**answer.get("headers", {}), **_REPLAYED}
        if (content := operation.get("requestBody", {}).get("content", {}).get("application/json")) is not None:
            content["examples"] = {name: {"value": body} for name, body in _bodies(method, path).items()}
        for status in self.error_statuses(operation, path, method):
            if str(status) not in operation["responses"]:
                operation["responses"][str(status)] = self._error(status)
        operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    def error_statuses(self, operation: dict[str, Any], path: str, method: str) -> list[int]:
        """Which errors any operation of this shape can answer."""
        statuses = [401, 403, 429, 500, 503]
        if operation.get("parameters") or "requestBody" in operation:
            statuses.append(400)
        if re.search(r"{\w+}", path):
            statuses.append(404)
        if method in {"POST", "PATCH", "PUT"}:
            statuses += [413, 415, *([422] if self.view.is_idempotent else [])]
        renamed = getattr(self.view.error_bodies, "renamed_statuses", {})
        return sorted({renamed.get(status, status) for status in statuses})

    def _error(self, status: int) -> dict[str, Any]:
        shape = self.view.error_bodies.serializer(status)
        if isinstance(shape, str):
            content: dict[str, Any] = {shape: {"schema": {"type": "string"}}}
        else:
            content = {"application/json": {"schema": self._shape(shape)}}
        answer: dict[str, Any] = {"description": _DESCRIPTIONS.get(status, "The request failed."), "content": content}
        if status in (429, 503):
            answer["headers"] = _RETRY_AFTER
        return answer

    def _shape(self, serializer: type[BaseSerializer[Any]]) -> dict[str, Any]:
        component = self.resolve_serializer(cast(Any, serializer()), "response")
        return dict(component.ref)
