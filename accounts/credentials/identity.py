"""Proofs that a customer is who they say: a signed email, or a signed token. Both are keyed with the identity secret."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from django.conf import settings
from jwt.types import Options

from accounts.errors import Invalid
from accounts.models import Workspace

ALGORITHM = "HS256"
# The end is checked in a second step, so that the claims of an expired token can be read.
_UNDATED: Options = {"require": ["sub", "exp"], "verify_aud": False, "verify_exp": False}


def email_hash(workspace: Workspace, email: str) -> str:
    """Lower-case hex HMAC-SHA256 of the trimmed, lower-cased email, keyed with the present identity secret as text."""
    return _email_hash(workspace.identity_secret, email)


def proves_email(workspace: Workspace, email: str, proof: str) -> bool:
    """Whether the proof is the email's hash under a valid secret, compared in constant time."""
    return any(hmac.compare_digest(_email_hash(secret, email), proof) for secret in workspace.identity_secrets)


def _email_hash(secret: str, email: str) -> str:
    return hmac.new(secret.encode(), email.strip().lower().encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Customer:
    """The end user that a token names. An unverified address may be written to, and does not identify them."""

    external_id: str
    email: str
    name: str
    is_email_verified: bool = True

    @property
    def verified_email(self) -> str:
        """The address, if it identifies the person; "" otherwise."""
        return self.email if self.is_email_verified else ""


class ExpiredToken(Invalid):
    """The token was valid and has expired; `claims` are the ones that it holds."""

    def __init__(self, claims: dict[str, Any]) -> None:
        super().__init__("the customer token has expired", code="token_expired")
        self.claims = claims


def issue_token(
    workspace: Workspace, *, external_id: str, email: str, name: str = "", lifetime: timedelta, at: datetime
) -> str:
    """An HS256 JWT. The desk reads `sub`, `email`, `name` and `exp`; the other claims are what Hexclave's SDK demands."""
    project = str(workspace.public_id)
    claims = {
        "sub": external_id,
        "email": email.strip().lower(),
        "name": name,
        "aud": project,
        "iat": at,
        "exp": at + lifetime,
        "iss": f"{settings.PUBLIC_URL}/api/v1/projects/{project}",
        "project_id": project,
        "branch_id": "main",
        "refresh_token_id": str(uuid.uuid4()),
        "role": "authenticated",
        "email_verified": True,
        "selected_team_id": None,
        "signed_up_at": int(at.timestamp()),
        "is_anonymous": False,
        "is_restricted": False,
        "restricted_reason": None,
        "requires_totp_mfa": False,
    }
    return jwt.encode(claims, workspace.identity_secret, algorithm=ALGORITHM)


def read_token(workspace: Workspace, token: str) -> Customer:
    """The customer whom a token names. Raises ExpiredToken, or Invalid for any other fault.

    `aud` is optional; one that names another workspace is refused with code `wrong_workspace`. The address counts as
    verified unless `email_verified` is false: the holder of the secret is believed.
    """
    for secret in workspace.identity_secrets:
        try:
            claims = jwt.decode(token, secret, algorithms=[ALGORITHM], options=_UNDATED)
        except (jwt.InvalidTokenError, ValueError):
            continue
        audience = claims.get("aud")
        if audience is not None and audience not in (
            str(workspace.public_id),
            workspace.slug,
            [str(workspace.public_id)],
        ):
            raise Invalid("the customer token is meant for another workspace", code="wrong_workspace")
        try:
            jwt.decode(token, secret, algorithms=[ALGORITHM], options={"verify_aud": False})
        except jwt.ExpiredSignatureError as error:
            raise ExpiredToken(claims) from error
        except (jwt.InvalidTokenError, OverflowError, TypeError, ValueError) as error:  # an odd `exp` or `iat`
            raise Invalid("the customer token cannot be read", code="token_invalid") from error
        return Customer(
            external_id=str(claims["sub"]),
            email=str(claims.get("email") or ""),
            name=str(claims.get("name") or ""),
            is_email_verified=claims.get("email_verified") is not False,
        )
    raise Invalid("the customer token cannot be read", code="token_invalid")
