"""Proofs of who a customer is: the signed email, and the signed token."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any

import jwt
import pytest

from accounts import actions, clock
from accounts.credentials import identity
from accounts.errors import Invalid
from accounts.models import Workspace
from accounts.permissions import Actor


def rotated(workspace: Workspace) -> Workspace:
    return actions.rotate_identity_secret(workspace=workspace, by=Actor.system(workspace.pk), at=clock.now())


def token(workspace: Workspace, **claims: Any) -> str:
    """A token as a customer's own backend would make it."""
    at = clock.now()
    known = {"sub": "cus_1", "email": "jane@example.com", "exp": at + timedelta(hours=1)}
    given = {name: value for name, value in {**known, **claims}.items() if value is not None}
    return jwt.encode(given, workspace.identity_secret, algorithm="HS256")


def test_proof_is_the_documented_hash(acme: Workspace) -> None:
    expected = hmac.new(acme.identity_secret.encode(), b"jane@example.com", hashlib.sha256).hexdigest()
    assert identity.email_hash(acme, " Jane@Example.COM ") == expected
    assert identity.proves_email(acme, "JANE@example.com", expected)


@pytest.mark.parametrize("proof", ["", "0" * 64, "not hex"])
def test_wrong_proof_proves_nothing(acme: Workspace, proof: str) -> None:
    assert not identity.proves_email(acme, "jane@example.com", proof)


def test_proof_holds_for_its_email_and_its_workspace_alone(acme: Workspace, globex: Workspace) -> None:
    proof = identity.email_hash(acme, "jane@example.com")
    assert not identity.proves_email(acme, "joan@example.com", proof)
    assert not identity.proves_email(globex, "jane@example.com", proof)


def test_two_secrets_are_valid_at_once_and_never_three(acme: Workspace) -> None:
    proof, signed = identity.email_hash(acme, "jane@example.com"), token(acme)
    once = rotated(acme)
    assert identity.proves_email(once, "jane@example.com", proof)
    assert identity.read_token(once, signed).external_id == "cus_1"
    twice = rotated(once)
    assert not identity.proves_email(twice, "jane@example.com", proof)
    with pytest.raises(Invalid):
        identity.read_token(twice, signed)


def test_issued_token_reads_back(acme: Workspace) -> None:
    signed = identity.issue_token(
        acme, external_id="cus_9", email=" Jane@Example.com", name="Jane", lifetime=timedelta(minutes=5), at=clock.now()
    )
    assert identity.read_token(acme, signed) == identity.Customer("cus_9", "jane@example.com", "Jane")


def test_expired_token_says_so_with_its_claims(acme: Workspace) -> None:
    with pytest.raises(identity.ExpiredToken) as refused:
        identity.read_token(acme, token(acme, exp=clock.now() - timedelta(seconds=5)))
    assert refused.value.code == "token_expired"
    assert refused.value.claims["sub"] == "cus_1"


@pytest.mark.parametrize("claims", [{"sub": None}, {"exp": None}, {"exp": "soon"}, {"nbf": 9_999_999_999}])
def test_token_without_what_it_needs_is_refused(acme: Workspace, claims: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        identity.read_token(acme, token(acme, **claims))
    assert refused.value.code == "token_invalid"


def test_audience_is_optional_and_must_be_this_workspace(acme: Workspace, globex: Workspace) -> None:
    for audience in (None, str(acme.public_id), acme.slug):
        assert identity.read_token(acme, token(acme, aud=audience))
    with pytest.raises(Invalid) as refused:
        identity.read_token(acme, token(acme, aud=str(globex.public_id)))
    assert refused.value.code == "wrong_workspace"


def test_forged_tokens_are_refused(acme: Workspace, globex: Workspace) -> None:
    unsigned = jwt.encode({"sub": "cus_1", "exp": 9_999_999_999}, "", algorithm="none")
    other_algorithm = jwt.encode({"sub": "cus_1", "exp": 9_999_999_999}, acme.identity_secret, algorithm="HS512")
    for forged in ("", "a.b.c", unsigned, other_algorithm, token(globex), token(acme)[:-2], "é"):
        with pytest.raises(Invalid):
            identity.read_token(acme, forged)
