"""The Bancroft wire format: making keys from the dashboard."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiKey, Workspace
from accounts.permissions import Role
from tests import factories
from tests.conftest import Key, Member
from tests.dialects.bancroft_client import CONVERSATIONS, CREATE, KEYS, MOMENT, Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(acme_key: Key) -> Api:
    return Api(acme_key.secret)


# --- Making keys --------------------------------------------------------------------------------


def post_key(client: Client, body: Any, **headers: str) -> Any:
    return client.post(KEYS, json.dumps(body), content_type="application/json", headers=headers)


def test_admin_makes_a_key_and_sees_its_secret_once(ada: Member, acme: Workspace) -> None:
    body = {
        "name": "Web widget",
        "key_type": "client",
        "allowed_origins": ["https://Shop.example/"],
        "allowed_bundle_ids": ["com.example.app"],
    }
    answer = post_key(ada.signed_in(), body)
    assert answer.status_code == 201
    made = answer.json()
    row = ApiKey.all_workspaces.get()
    assert (row.workspace, row.created_by, row.scopes) == (acme, ada.user, list(factories.CLIENT_SCOPES))
    assert MOMENT.fullmatch(made.pop("created_at"))
    secret = made.pop("key")
    assert secret.startswith(made["prefix"] + "_")
    assert made == {
        "id": str(row.public_id),
        "name": "Web widget",
        "key_type": "client",
        "prefix": row.prefix,
        "allowed_origins": ["https://shop.example"],
        "allowed_bundle_ids": ["com.example.app"],
    }
    assert Api(secret).get(CONVERSATIONS, Origin="https://shop.example").status_code == 403
    assert Api(secret).post(CREATE, {"subject": "x"}, Origin="https://shop.example").status_code == 201


def test_server_key_made_here_may_do_everything(ada: Member) -> None:
    secret = post_key(ada.signed_in(), {"name": "Backend", "key_type": "server"}).json()["key"]
    made = Api(secret).create()
    assert Api(secret).post(f"{CONVERSATIONS}{made['id']}/resolve/").status_code == 200
    assert set(ApiKey.all_workspaces.get().scopes) == set(factories.ALL_SCOPES)


def test_only_admins_with_a_session_and_its_token_make_keys(ada: Member, ben: Member) -> None:
    body = {"name": "Backend", "key_type": "server"}
    anonymous = post_key(Client(), body)
    assert (anonymous.status_code, anonymous.json()) == (401, {"detail": "Sign in to the desk first."})
    assert post_key(ben.signed_in(), body).json() == {"detail": "Only an admin of the workspace makes its keys."}
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    forged = post_key(browser, body)
    assert (forged.status_code, set(forged.json())) == (403, {"detail"})
    forged = browser.post(KEYS, {"name": "x"})  # as any page's form would send it
    assert (forged.status_code, set(forged.json())) == (403, {"detail"})
    assert not ApiKey.all_workspaces.exists()
    browser.cookies["csrftoken"] = "t" * 32
    assert browser.post(KEYS, {"name": "x"}, headers={"X-CSRFToken": "t" * 32}).status_code == 415
    assert post_key(browser, body, **{"X-CSRFToken": "t" * 32}).status_code == 201


def test_api_key_is_no_session(api: Api) -> None:
    assert api.post(KEYS, {"name": "Backend", "key_type": "server"}).status_code == 401


def test_admin_of_several_workspaces_names_one(ada: Member, acme: Workspace, globex: Workspace) -> None:
    factories.MembershipFactory(workspace=globex, user=ada.user, role=Role.AGENT)
    body = {"name": "Backend", "key_type": "server"}
    browser = ada.signed_in()
    assert post_key(browser, body).status_code == 201
    assert post_key(browser, {**body, "workspace": "globex"}).status_code == 403
    initech = factories.WorkspaceFactory(slug="initech")
    factories.MembershipFactory(workspace=initech, user=ada.user, role=Role.ADMIN)
    assert set(post_key(browser, body).json()) == {"workspace"}
    assert set(post_key(browser, {**body, "workspace": "nowhere"}).json()) == {"workspace"}
    for name in ("initech", str(initech.public_id)):
        assert post_key(browser, {**body, "workspace": name}).status_code == 201
    assert [key.workspace.slug for key in ApiKey.all_workspaces.order_by("pk")] == ["acme", "initech", "initech"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": None}, "name"),
        ({"key_type": "root"}, "key_type"),
        ({"key_type": None}, "key_type"),
        ({"allowed_origins": "https://a.example"}, "allowed_origins"),
        ({"allowed_origins": ["ftp://a.example"]}, "allowed_origins"),
        ({"allowed_origins": ["http://["]}, "allowed_origins"),
        ({"allowed_origins": [7]}, "allowed_origins"),
        ({"allowed_bundle_ids": ["x" * 256]}, "allowed_bundle_ids"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["ticket:read"], "key_type": "client"}, "scopes"),
    ],
)
def test_bad_key_request_is_refused(ada: Member, change: dict[str, Any], field: str) -> None:
    answer = post_key(ada.signed_in(), {"name": "Backend", "key_type": "server", **change})
    assert (answer.status_code, set(answer.json())) == (400, {field})
    assert not ApiKey.all_workspaces.exists()


def test_secret_is_not_kept_for_repeats(ada: Member) -> None:
    browser = ada.signed_in()
    for _ in range(2):
        answer = post_key(browser, {"name": "Backend", "key_type": "server"}, **{"Idempotency-Key": "k"})
        assert "Idempotent-Replayed" not in answer
    assert ApiKey.all_workspaces.count() == 2
