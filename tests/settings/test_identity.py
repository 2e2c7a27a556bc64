"""The screen of the identity secret: for admins, shown on request, replaced after a question."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from accounts import clock
from accounts.models import Event, Workspace
from conversations.chat import proofs
from conversations.models import Widget
from conversations.screens.settings.identity import samples
from tests.conftest import Member

URL = "/w/acme/settings/identity"


def test_secret_is_shown_on_request_alone_and_kept_by_no_cache(acme: Workspace, ada: Member) -> None:
    browser = ada.signed_in()
    assert acme.identity_secret not in browser.get(URL).content.decode()
    shown = browser.post(URL)
    assert acme.identity_secret in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]


def test_new_secret_comes_after_a_question_and_the_one_before_stays_valid(acme: Workspace, ada: Member) -> None:
    browser, first = ada.signed_in(), acme.identity_secret
    assert "two are valid at once" in browser.get(f"{URL}/rotate").content.decode()
    acme.refresh_from_db()
    assert acme.identity_secret == first
    page = browser.post(f"{URL}/rotate", follow=True).content.decode()
    acme.refresh_from_db()
    assert acme.identity_secrets == (acme.identity_secret, first)
    assert Event.objects.latest("pk").type == "workspace.identity_secret_rotated"
    assert "Two secrets are valid" in page
    assert acme.identity_secret not in page
    shown = browser.post(URL).content.decode()
    assert acme.identity_secret in shown
    assert first in shown
    assert "The previous one stops working now." in browser.get(f"{URL}/rotate").content.decode()


@pytest.mark.parametrize("path", ["", "/rotate"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_secret_is_for_admins_alone(
    acme: Workspace, ben: Member, vic: Member, cleo: Member, path: str, method: str
) -> None:
    before = acme.identity_secrets
    for one, status in ((ben, 403), (vic, 403), (cleo, 404)):
        answer = getattr(one.signed_in(), method)(f"{URL}{path}")
        assert answer.status_code == status
        assert acme.identity_secret not in answer.content.decode()
    acme.refresh_from_db()
    assert acme.identity_secrets == before
    assert "Customer identity" not in ben.signed_in().get("/w/acme/settings").content.decode()


def test_python_sample_signs_a_token_for_this_workspace(
    acme: Workspace, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = samples.samples(acme)[0].code
    scope: dict[str, Any] = {}
    exec(code, scope)
    monkeypatch.setitem(os.environ, "PARLEY_IDENTITY_SECRET", acme.identity_secret)
    token = scope["customer_token"](SimpleNamespace(id=41, email="nia@example.com", name="Nia"))
    proven = proofs.read(Widget(workspace=acme, key="plw_shop"), {"jwt": token}, at=clock.now())
    assert proven.is_signed
    assert (proven.external_id, proven.email, proven.name) == ("41", "nia@example.com", "Nia")
    page = ada.signed_in().get(URL).content.decode()
    assert page.count(str(acme.public_id)) == 4
