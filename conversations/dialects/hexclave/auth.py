"""Who calls: a key with its access type and project, a signed-in member, and the customer in the access token."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

import jwt
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from accounts import clock
from accounts.credentials import identity
from accounts.credentials.authentication import BadKey, Grant
from accounts.credentials.identity import Customer
from accounts.errors import Invalid
from accounts.models import KeyKind, User, Workspace
from accounts.web.grants import of_request
from conversations.api.credentials import bearer
from conversations.dialects.hexclave.errors import KnownError, StatusError
from conversations.dialects.hexclave.headers import header
from conversations.texts import validation

INTERNAL = "internal"
BRANCH = "main"


@dataclass(frozen=True, slots=True)
class _Access:
    """An access type: its kind of key, the header, and the codes for a missing and a wrong key."""

    kind: KeyKind
    header: str
    missing: str
    wrong: str


_CLIENT = _Access(
    KeyKind.CLIENT,
    "publishable-client-key",
    "PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT",
    "INVALID_PUBLISHABLE_CLIENT_KEY",
)
_SERVER = _Access(KeyKind.SERVER, "secret-server-key", "SERVER_AUTHENTICATION_REQUIRED", "INVALID_SECRET_SERVER_KEY")
# The desk has no keys above server keys, so one of those opens what an admin key would.
_ADMIN = _Access(
    KeyKind.SERVER, "super-secret-admin-key", "ADMIN_AUTHENTICATION_REQUIRED", "INVALID_SUPER_SECRET_ADMIN_KEY"
)
ACCESS_TYPES = {"client": _CLIENT, "server": _SERVER, "admin": _ADMIN}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a key's holder or a member, and beside a key the person whom its access token names."""

    access_type: str
    project_id: str | None
    grant: Grant | None = None
    operator: User | None = None
    person: Customer | None = None


class ProjectHeaders(BaseAuthentication):
    """The headers of a call on a customer's behalf. Raises a known error for each mistake in them."""

    is_optional = False
    takes_internal = False
    # All of them share one security scheme, which is no clash of names in OpenAPI.
    _spectacular_annotation: ClassVar[dict[str, bool]] = {"suppress_collision_warning": True}

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        caller = _keyed(request, clock.now(), takes_internal=self.takes_internal)
        if caller is None and not self.is_optional:
            raise KnownError("ACCESS_TYPE_REQUIRED")
        return (caller.grant.actor if caller.grant else None, caller) if caller else None


class OptionalHeaders(ProjectHeaders):
    """The headers of a customer's call, or none."""

    is_optional = True
    takes_internal = True


class AgentHeaders(ProjectHeaders):
    """A server key, or else the member who is signed in to the desk in this browser, with a CSRF token for writing."""

    takes_internal = True

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        user, sent = getattr(request._request, "user", None), request._request
        # A client key has no access here, so a session beside one counts; any other key comes first.
        has_key = bearer(request) or any(header(sent, name) for name in (_SERVER.header, _ADMIN.header))
        kind = header(sent, "access-type")
        if has_key or kind not in (None, *ACCESS_TYPES) or not (isinstance(user, User) and user.is_active):
            return super().authenticate(request)
        try:
            SessionAuthentication().enforce_csrf(sent)  # type: ignore[arg-type]  # reads headers and cookies
        except PermissionDenied as error:
            message = "The CSRF token is missing or wrong: send the csrftoken cookie's value as X-CSRFToken."
            raise StatusError(403, message) from error
        return user, Caller(kind or "client", header(sent, "project-id"), operator=user)


def _keyed(request: Request, at: datetime, *, takes_internal: bool) -> Caller | None:
    """The caller in the headers, or None without credentials."""
    sent = request._request
    kind, project = header(sent, "access-type"), header(sent, "project-id")
    token = bearer(request)
    if kind is None:
        if any(header(sent, access.header) for access in ACCESS_TYPES.values()) or header(sent, "admin-access-token"):
            raise KnownError("PROJECT_KEY_WITHOUT_ACCESS_TYPE")
        if token is None:
            return None
        # With `Authorization: Bearer` alone, the key's prefix tells the access type.
        kind = "client" if token.startswith("parley_cl_") else "server"
    elif kind not in ACCESS_TYPES:
        raise KnownError("INVALID_ACCESS_TYPE")
    elif project is None:
        raise KnownError("ACCESS_TYPE_WITHOUT_PROJECT_ID", request_type=kind)
    secret = header(sent, ACCESS_TYPES[kind].header) or token
    grant = _grant(sent, ACCESS_TYPES[kind], secret, project, at, takes_internal=takes_internal)
    branch = header(sent, "branch-id")
    if branch is not None and branch != BRANCH:
        raise KnownError("BRANCH_DOES_NOT_EXIST", branch_id=branch)
    return Caller(kind, project, grant=grant, person=_person(sent, grant.workspace))


def _grant(
    sent: HttpRequest,
    access: _Access,
    secret: str | None,
    project: str | None,
    at: datetime,
    *,
    takes_internal: bool,
) -> Grant:
    try:
        grant = of_request(sent, secret, at) if secret else None
    except BadKey:
        grant = None
    if grant is not None and grant.key.kind == access.kind:
        if project in (None, str(grant.workspace.public_id)) or (takes_internal and project == INTERNAL):
            return grant
        # Another workspace's project is answered as a missing one.
        raise KnownError("CURRENT_PROJECT_NOT_FOUND", project_id=project)
    if project is not None and not (takes_internal and project == INTERNAL) and not _exists(project):
        raise KnownError("CURRENT_PROJECT_NOT_FOUND", project_id=project)
    code = access.wrong if secret else access.missing
    raise KnownError(code) if code.endswith("_REQUIRED") else KnownError(code, project_id=project or INTERNAL)


def _exists(project: str) -> bool:
    try:
        return Workspace.objects.filter(public_id=uuid.UUID(project)).exists()
    except ValueError:
        return False


# --- The access token ---------------------------------------------------------------------------


def _person(request: HttpRequest, workspace: Workspace) -> Customer | None:
    """The customer in the access token, if one was sent."""
    token = header(request, "access-token")
    if token is None:
        return None
    ours = str(workspace.public_id)
    try:
        named = identity.read_token(workspace, token)
        claims = _claims(token)
        person = replace(
            named, external_id=named.external_id.strip(), email=named.email.strip(), name=named.name.strip()
        )
        # An identity that cannot be stored is refused now rather than when the customer first writes.
        for value, longest in ((person.external_id, 400), (person.name or "-", 400), (person.email or "-", 254)):
            validation.check(value, "access token", longest=longest)
        if person.email:
            validate_email(person.email)
    except identity.ExpiredToken as error:
        raise KnownError(
            "ACCESS_TOKEN_EXPIRED",
            expired_at_millis=max(int(error.claims["exp"]), 0) * 1000,
            project_id=ours,
            user_id=_printable(error.claims["sub"]),
            refresh_token_id=None,
        ) from error
    except (Invalid, ValidationError, ValueError, TypeError, OverflowError) as error:
        theirs = _claims(token).get("aud")
        if isinstance(theirs, str) and theirs not in (ours, workspace.slug):
            raise KnownError(
                "INVALID_PROJECT_FOR_ACCESS_TOKEN", expected_project_id=ours, actual_project_id=_printable(theirs)
            ) from error
        raise KnownError("UNPARSABLE_ACCESS_TOKEN") from error
    _refuse_unfinished(request, claims)
    return person


def _claims(token: str) -> dict[str, Any]:
    """The claims of a token, verified or not."""
    try:
        return dict(jwt.decode(token, options={"verify_signature": False}))
    except jwt.InvalidTokenError:
        return {}


def _printable(claim: Any) -> str:
    """A claim as text that JSON can hold: a token may contain half a surrogate pair."""
    return str(claim).encode("utf-8", "replace").decode()[:400]


def _refuse_unfinished(request: HttpRequest, claims: dict[str, Any]) -> None:
    """Refuse users whom the token marks as anonymous or restricted, unless the caller's headers accept them."""
    takes_anonymous = header(request, "allow-anonymous-user") == "true"
    if claims.get("is_anonymous") is True:
        if not takes_anonymous:
            raise KnownError("ANONYMOUS_AUTHENTICATION_NOT_ALLOWED")
        return
    if claims.get("is_restricted") is not True or takes_anonymous:
        return
    if header(request, "allow-restricted-user") != "true":
        reason = claims.get("restricted_reason")
        kind = reason.get("type") if isinstance(reason, dict) else None
        kind = kind if kind in ("anonymous", "email_not_verified", "restricted_by_administrator") else None
        raise KnownError(
            "RESTRICTED_USER_NOT_ALLOWED", restricted_reason={"type": kind or "restricted_by_administrator"}
        )
