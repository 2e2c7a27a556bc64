"""Proofs that a customer is who they say: a signed email, or a signed token. Both are keyed with the identity secret."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from django.conf import settings
from jwt.types import Options

from accounts.errors import Invalid
from accounts.models import Workspace

ALGORITHM = "HS256"
LONGEST_LIFE = timedelta(hours=24)
"""How far the end of a token may be away that a website signs for its visitor."""
LEEWAY = timedelta(minutes=1)
"""How much the clock of the website that signs may be off."""
# The end is checked in a second step, so that the claims of an expired token can be read.
_UNDATED: Options = {"require": ["sub", "exp"], "verify_aud": False, "verify_exp": False}
_SIGNED: Options = {
    "require": ["exp", "aud"], "verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False,
    "verify_sub": False, "verify_jti": False, "verify_iss": False,
}  # fmt: skip


def email_hash(workspace: Workspace, email: str) -> str:
    """Lower-case hex HMAC-SHA256 of the trimmed, lower-cased email, keyed with the present identity secret as text."""
    return _email_hash(workspace.identity_secret, email)


def proves_email(workspace: Workspace, email: str, proof: str, *, any_key: bool = False) -> bool:
    """Whether the proof is the email's hash under a valid secret, compared in constant time; with `any_key` also where the
    secret was hex-decoded.
    """
    return proves(workspace, email.strip().lower(), proof, any_key=any_key)


def proves(workspace: Workspace, text: str, proof: str, *, any_key: bool = False) -> bool:
    """Whether the proof is the text's lower-case hex HMAC-SHA256 under a valid secret, as `proves_email`."""
    secrets = workspace.identity_secrets
    keys = _keys(secrets) if any_key else (secret.encode() for secret in secrets)
    return proof.isascii() and any(hmac.compare_digest(_hash(key, text), proof) for key in keys)


def _email_hash(secret: str, email: str) -> str:
    return _hash(secret.encode(), email.strip().lower())


def _hash(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _keys(secrets: Collection[str]) -> Iterator[bytes]:
    """Each secret as its text, and decoded where it is made of hexadecimal digits: websites sign with either."""
    for secret in secrets:
        yield secret.encode()
        try:
            decoded = bytes.fromhex(secret)
        except ValueError:
            continue
        if decoded:
            yield decoded


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


def read_claims(workspace: Workspace, token: str, *, audiences: Collection[str], at: datetime) -> dict[str, Any]:
    """The claims of a token that a website has signed for its visitor, with a secret as text or hex-decoded.

    `aud` must be or hold one of the audiences, and `exp` is at most LONGEST_LIFE away. Raises ExpiredToken, or Invalid with
    code `token_invalid` for any other fault.
    """
    refused = Invalid("the token cannot be read", code="token_invalid")
    for key in _keys(workspace.identity_secrets):
        try:
            claims = jwt.decode(token, key, algorithms=[ALGORITHM], options=_SIGNED)
        except (jwt.InvalidTokenError, ValueError):
            continue
        audience = claims["aud"]
        named = audience if isinstance(audience, list) else [audience]
        if not any(isinstance(one, str) and one in audiences for one in named):
            raise Invalid("the token is meant for somebody else", code="token_invalid")
        ends, starts = _seconds(claims["exp"]), _seconds(claims.get("nbf", 0))
        now = at.timestamp()
        if ends is None or starts is None or starts > now + LEEWAY.total_seconds():
            raise refused
        if ends <= now - LEEWAY.total_seconds():
            raise ExpiredToken(claims)
        if ends > now + (LONGEST_LIFE + LEEWAY).total_seconds():
            raise Invalid("the token is valid for longer than a day", code="token_invalid")
        return claims
    raise refused


def _seconds(value: Any) -> float | None:
    """A moment of a claim; None for anything that is none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and -(2**53) < value < 2**53 else None
