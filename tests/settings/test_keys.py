"""API keys on their pages: created with a secret that is shown once, and revoked."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import clock
from accounts.models import ApiKey, Workspace
from tests.conftest import Key, Member
from tests.settings.conftest import typed

pytestmark = pytest.mark.usefixtures("in_acme")
URL = "/w/acme/settings/keys"


def form(browser: Client) -> dict[str, Any]:
    given: dict[str, Any] = typed(browser.get(f"{URL}/new").content.decode(), '<form class="settings"')
    return given | {"kind": "server", "scopes": ["conversation:read"]}


def test_secret_is_shown_once_and_works(ada: Member) -> None:
    browser = ada.signed_in()
    page = browser.post(f"{URL}/new", form(browser) | {"name": "Shop"}).content.decode()
    found = re.search(r"data-copy><code [^>]*>(parley_sv_\w+)</code>", page)
    assert found
    secret = found[1]
    answer = Client().get("/api/v1/conversations", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    listed = browser.get(URL).content.decode()
    assert secret not in listed
    assert "Shop" in listed
    assert ApiKey.objects.get(name="Shop").created_by == ada.user


def test_form_that_is_sent_twice_makes_one_key(ada: Member) -> None:
    browser = ada.signed_in()
    given = form(browser) | {"name": "Shop"}
    assert browser.post(f"{URL}/new", given).status_code == 200
    again = browser.post(f"{URL}/new", given)
    assert again.status_code == 422
    assert "This key was created already" in again.content.decode()
    assert ApiKey.objects.filter(name="Shop").count() == 1


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"name": " "}, "name-fault"),
        ({"scopes": []}, "scopes-fault"),
        ({"scopes": ["everything"]}, "scopes-fault"),
        ({"kind": "client", "scopes": ["ticket:read"]}, "a client key is public"),
        ({"expires_on": "2020-01-01"}, "expires_on-fault"),
        ({"expires_on": "soon"}, "expires_on-fault"),
        ({"kind": "client", "allowed_origins": "not an origin"}, "allowed_origins-fault"),
        ({"name": "a\x00b"}, "name-fault"),
    ],
)
def test_what_makes_no_key_is_refused(ada: Member, change: dict[str, Any], fault: str) -> None:
    browser = ada.signed_in()
    before = ApiKey.objects.count()
    answer = browser.post(f"{URL}/new", form(browser) | {"name": "Shop"} | change)
    assert answer.status_code == 422
    assert fault.lower() in answer.content.decode().lower()
    assert ApiKey.objects.count() == before


def test_client_key_keeps_its_origins_and_its_end(ada: Member) -> None:
    browser = ada.signed_in()
    last_day = (clock.now() + timedelta(days=30)).date()
    browser.post(
        f"{URL}/new",
        form(browser)
        | {"name": "Site", "kind": "client", "allowed_origins": "https://a.example\r\nhttps://b.example/", "expires_on": f"{last_day}"},
    )  # fmt: skip
    key = ApiKey.objects.get(name="Site")
    assert key.allowed_origins == ["https://a.example", "https://b.example"]
    assert key.expires_at is not None
    assert key.expires_at.date() == last_day


def test_revoked_key_stops_at_once(acme: Workspace, ada: Member, ben: Member, acme_key: Key) -> None:
    url = f"{URL}/{acme_key.row.public_id}/revoke"
    assert ben.signed_in().post(url).status_code == 403
    browser = ada.signed_in()
    assert "refused at once" in browser.get(url).content.decode()
    assert browser.get("/w/acme/settings/keys").status_code == 200
    for _ in range(2):
        assert browser.post(url).status_code == 302
    assert Client().get("/api/v1/conversations", headers=acme_key.bearer).status_code == 401
    assert "Revoked and expired" in browser.get(URL).content.decode()


def test_keys_of_others_are_not_there(ada: Member, globex_key: Key) -> None:
    assert ada.signed_in().post(f"{URL}/{globex_key.row.public_id}/revoke").status_code == 404
