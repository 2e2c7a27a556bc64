"""OpenAPI for this format: how its credentials are spelled, the headers of every answer, and its errors' media types."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from conversations.api.schema import DialectSchema
from conversations.dialects.hexclave.auth import AgentHeaders, OptionalHeaders, ProjectHeaders

_Way = tuple[str, ...]


def _header(name: str, description: str) -> dict[str, Any]:
    return {"type": "apiKey", "in": "header", "name": name, "description": description}


_TWINS = (
    "Every `x-stack-` header is also taken as `x-hexclave-`, which wins, and every path is also served below `/api/latest`. "
    "With the header `x-stack-override-error-status`, whatever its value, a 4xx becomes a 200 whose real status stands in "
    "`x-stack-actual-status`."
)
_SCHEMES: dict[str, dict[str, Any]] = {
    "hexclaveClientAccess": _header("x-stack-access-type", f"`client`. {_TWINS}"),
    "hexclaveServerAccess": _header("x-stack-access-type", f"`server`. {_TWINS}"),
    "hexclaveProject": _header("x-stack-project-id", "The workspace's public id; `internal` also works for agents."),
    "hexclaveClientKey": _header("x-stack-publishable-client-key", "A client key of the workspace."),
    "hexclaveServerKey": _header("x-stack-secret-server-key", "A server key of the workspace."),
    "hexclaveAccessToken": _header(
        "x-stack-access-token",
        "The acting customer: an HS256 JWT, signed with the workspace's identity secret, with `sub` (their id), `email`, `name` and `exp`.",
    ),
    "bearerKey": {"type": "http", "scheme": "bearer", "description": "An API key of a workspace."},
    "operatorSession": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "The session of a member of the workspace who is signed in to the desk.",
    },
    "operatorCsrfToken": _header("X-CSRFToken", "The `csrftoken` cookie's value, which a session needs for writing."),
}
_CUSTOMER: tuple[_Way, ...] = (
    ("hexclaveClientAccess", "hexclaveProject", "hexclaveClientKey", "hexclaveAccessToken"),
    ("bearerKey", "hexclaveAccessToken"),
)
_AGENT: tuple[_Way, ...] = (
    ("hexclaveServerAccess", "hexclaveProject", "hexclaveServerKey"),
    ("bearerKey",),
    ("operatorSession", "operatorCsrfToken"),
)
_ANSWERED = {
    "x-stack-request-id": {"schema": {"type": "string"}, "description": "Also as `x-hexclave-request-id`."},
    "cache-control": {"schema": {"type": "string", "enum": ["no-store, max-age=0"]}},
}
_KNOWN = {
    "x-stack-known-error": {
        "schema": {"type": "string"},
        "description": "The code of a known error, which is JSON; a plain text has none. Also as `x-hexclave-known-error`.",
    }
}
_MIXED = frozenset({"400", "403", "404"})


class _Scheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """Several ways to sign a call, each of which is enough."""

    ways: tuple[_Way, ...] = ()

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        return [{name: [] for name in way} for way in self.ways]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        return [_SCHEMES[name] for name in self.name]


def _names(ways: tuple[_Way, ...]) -> list[str]:
    return list(dict.fromkeys(name for way in ways for name in way))


class CustomerScheme(_Scheme):  # type: ignore[no-untyped-call]
    """A client key and the customer's token."""

    target_class = ProjectHeaders
    ways = _CUSTOMER
    name = _names(_CUSTOMER)


class OptionalScheme(_Scheme):  # type: ignore[no-untyped-call]
    """Nothing, or what customers send."""

    target_class = OptionalHeaders
    ways = ((), *_CUSTOMER)
    name = _names(_CUSTOMER)


class AgentScheme(_Scheme):  # type: ignore[no-untyped-call]
    """A server key, or a member's session."""

    target_class = AgentHeaders
    ways = _AGENT
    name = _names(_AGENT)


class HexclaveSchema(DialectSchema):
    """Adds the headers of every answer, and plain text beside JSON where an error may be either."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is None:
            return operation
        if "requestBody" in operation:
            operation["requestBody"]["required"] = True
        for status, answer in operation["responses"].items():
            answer["headers"] = {**answer.get("headers", {}), **_ANSWERED}
            if status.startswith("4") and "application/json" in answer.get("content", {}):
                answer["headers"].update(_KNOWN)
            if status in _MIXED:
                answer["content"]["text/plain"] = {"schema": {"type": "string"}}
        return operation

    def error_statuses(self, operation: dict[str, Any], path: str, method: str) -> list[int]:
        statuses = super().error_statuses(operation, path, method)
        return sorted({*statuses, 404}) if self.view.names_project else statuses
