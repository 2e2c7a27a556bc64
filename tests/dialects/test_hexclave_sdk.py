"""Hexclave's official JavaScript client with the desk's own tokens: it drops a token of which a claim is missing."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from accounts import clock
from accounts.credentials import identity
from accounts.models import Workspace
from conversations.models import Contact
from tests.dialects.hexclave_client import CUSTOMER, Api, agent, customer
from tests.dialects.node import program, run
from tests.dialects.scene import Scene
from tests.factories import ConversationFactory

pytestmark = pytest.mark.django_db


def test_official_client_accepts_an_issued_token_and_talks_with_it(desk: str, tmp_path: Path) -> None:
    scene = Scene()
    token = identity.issue_token(
        scene.workspace, external_id="cus_1", email="ada@example.com", lifetime=timedelta(hours=1), at=clock.now()
    )
    folder = program(Path(__file__).parent / "hexclave_sdk", tmp_path)
    project, key = str(scene.workspace.public_id), scene.names["client_key"]
    output = json.loads(run("node", "talk.js", desk, project, key, token, cwd=folder))
    assert output == {
        "user": {
            "id": "cus_1",
            "primaryEmail": "ada@example.com",
            "displayName": "",
            "primaryEmailVerified": True,
            "isAnonymous": False,
            "isMultiFactorRequired": False,
            "isRestricted": False,
            "restrictedReason": None,
        },
        "said": [["cus_1", "It says 401."], ["cus_1", "Still 401."]],
        "listed": [["Cannot log in", "ada@example.com"]],
        "missing": 404,
        "refused": "SCHEMA_ERROR",
    }


def test_issued_token_has_every_claim_of_the_official_client_in_its_type(acme: Workspace) -> None:
    at = clock.now()
    token = identity.issue_token(
        acme, external_id="cus_1", email="ada@example.com", name="Ada", lifetime=timedelta(hours=1), at=at
    )
    claims = jwt.decode(token, options={"verify_signature": False})
    project, now = str(acme.public_id), int(at.timestamp())
    refresh = claims.pop("refresh_token_id")
    assert isinstance(refresh, str)
    assert claims == {
        "sub": "cus_1",
        "email": "ada@example.com",
        "name": "Ada",
        "iat": now,
        "exp": now + 3600,
        "iss": f"http://127.0.0.1:8000/api/v1/projects/{project}",
        "aud": project,
        "project_id": project,
        "branch_id": "main",
        "role": "authenticated",
        "email_verified": True,
        "selected_team_id": None,
        "signed_up_at": now,
        "is_anonymous": False,
        "is_restricted": False,
        "restricted_reason": None,
        "requires_totp_mfa": False,
    }


# --- An address that the signer does not vouch for --------------------------------------------


def with_claims(workspace: Workspace, api: Api, **claims: Any) -> Api:
    """The same caller with a token that a workspace's own backend signed."""
    payload = {"sub": "stranger", "exp": clock.now() + timedelta(hours=1), **claims}
    token = jwt.encode(payload, workspace.identity_secret, algorithm="HS256")
    return Api({**api.headers, "x-stack-access-token": token}, api.client)


def test_unverified_address_finds_nobodys_conversations(acme: Workspace) -> None:
    theirs = ConversationFactory(workspace=acme, contact__email="mira@sample.test", contact__external_id=None)
    thief = with_claims(acme, customer(acme), email="mira@sample.test", email_verified=False)
    assert thief.get(CUSTOMER).json()["conversations"] == []
    assert thief.post(CUSTOMER, {"subject": "Hello", "message": "It is me"}).status_code == 200
    assert [row["subject"] for row in thief.get(CUSTOMER).json()["conversations"]] == ["Hello"]
    made = Contact.all_workspaces.get(external_id="stranger")
    assert (made.email, made.is_verified) == ("mira@sample.test", False)
    assert made.pk != theirs.contact_id


def test_unverified_address_replaces_no_verified_one(acme: Workspace) -> None:
    assert customer(acme, "stranger", email="own@sample.test").post(CUSTOMER, {"subject": "Hi", "message": "Hi"})
    thief = with_claims(acme, customer(acme), email="mira@sample.test", email_verified=False)
    assert thief.post(CUSTOMER, {"subject": "Hello", "message": "It is me"}).status_code == 200
    assert Contact.all_workspaces.get(external_id="stranger").email == "own@sample.test"


def test_unverified_address_speaks_for_no_member_of_the_team(acme: Workspace, ben: Any) -> None:
    row = ConversationFactory(workspace=acme)
    for verified, name in ((False, "ben"), (True, ben.user.name)):
        api = with_claims(acme, agent(acme), email=ben.user.email, name="ben", email_verified=verified)
        body = {"projectId": str(acme.public_id), "type": "reply", "body": "Hello"}
        answer = api.patch(f"/api/v1/internal/conversations/{row.public_id}", body)
        assert answer.json()["messages"][-1]["sender"]["displayName"] == name
