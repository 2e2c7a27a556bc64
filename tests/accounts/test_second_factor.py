"""Second factors: set up after the password is given again, asked for at each sign-in, required by workspaces, and reset."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from accounts import actions, clock, queries
from accounts.errors import Conflict, Forbidden
from accounts.models import Event, User, Workspace
from accounts.permissions import Actor
from tests.conftest import Key, Member
from tests.effects import MORNING
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted() -> Any:
    cache.clear()
    yield
    cache.clear()


def code(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, totp.yield_hotp_counters_from_time().__next__()))


def set_up(user: User) -> str:
    """Give a person an authenticator app without the pages; returns its secret."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    return secret


def browser_in(user: User) -> Client:
    """A browser in which the person has signed in and just given the password again."""
    browser = Client()
    browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return browser


def types(user: User) -> set[str]:
    return set(Authenticator.objects.filter(user=user).values_list("type", flat=True))


def last(name: str) -> Event:
    found = Event.objects.filter(type=name).order_by("-id").first()
    assert found is not None, name
    return found


def test_authenticator_app_is_set_up_and_recovery_codes_are_shown_once(
    ben: Member, django_capture_on_commit_callbacks: Any
) -> None:
    browser = browser_in(ben.user)
    page = browser.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert "data:image/svg+xml;base64," in page.content.decode()
    wrong = browser.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    assert wrong.status_code == 200
    assert wrong.context["form"].errors
    assert not types(ben.user)
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post("/accounts/2fa/totp/activate/", {"code": code(secret)}, follow=True)
    shown = re.search(r"<pre[^>]*>([\d\s]+)</pre>", answer.content.decode())
    assert shown
    assert len(shown[1].split()) == 10
    assert "They are shown only now" in answer.content.decode()
    again = browser.get("/accounts/2fa/recovery-codes/").content.decode()
    assert shown[1].split()[0] not in again
    assert types(ben.user) == {"totp", "recovery_codes"}
    assert last("person.second_factor_added").actor_id == ben.user.pk
    assert secret not in str(Authenticator.objects.get(user=ben.user, type="totp").data)  # sealed


def test_changes_ask_for_the_password_first(ben: Member) -> None:
    browser = Client()
    browser.post("/accounts/login/", {"login": ben.user.email, "password": PASSWORD})
    for path in ("totp/activate/", "passkeys/add/", "recovery-codes/generate/"):
        assert browser.get(f"/accounts/2fa/{path}")["Location"].startswith("/accounts/reauthenticate/"), path
    assert browser.post("/accounts/reauthenticate/", {"password": "nope"}).status_code == 200
    assert browser.get("/accounts/2fa/totp/activate/").status_code == 302


def test_sign_in_asks_for_the_code_and_takes_a_recovery_code_once(ben: Member) -> None:
    secret = set_up(ben.user)
    browser = Client()
    answer = browser.post("/accounts/login/", {"login": ben.user.email, "password": PASSWORD})
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert browser.get("/w/acme/inbox").status_code == 302  # not in yet
    assert browser.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert browser.post("/accounts/2fa/authenticate/", {"code": code(secret)}).status_code == 302
    assert browser.get("/w/acme/inbox").status_code == 200
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    spare = RecoveryCodes.activate(ben.user).get_unused_codes()[0]
    for wanted in (302, 200):
        other = Client()
        other.post("/accounts/login/", {"login": ben.user.email, "password": PASSWORD})
        assert other.post("/accounts/2fa/authenticate/", {"code": spare}).status_code == wanted


def test_guesses_of_codes_are_counted(ben: Member) -> None:
    secret = set_up(ben.user)
    browser = Client()
    browser.post("/accounts/login/", {"login": ben.user.email, "password": PASSWORD})
    for _ in range(6):
        browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    refused = browser.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert refused.status_code == 200
    assert "Too many" in str(refused.context["form"].errors)


def test_a_code_works_once(ben: Member) -> None:
    secret = set_up(ben.user)
    with time_machine.travel(MORNING, tick=False):
        found = code(secret)
        for wanted in (302, 200):
            browser = Client()
            browser.post("/accounts/login/", {"login": ben.user.email, "password": PASSWORD})
            assert browser.post("/accounts/2fa/authenticate/", {"code": found}).status_code == wanted


def test_removing_the_app_removes_the_codes(ben: Member) -> None:
    secret = set_up(ben.user)
    browser = Client()
    browser.post("/accounts/login/", {"login": ben.user.email, "password": PASSWORD})
    browser.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert browser.post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert not types(ben.user)
    assert last("person.second_factor_removed").data == {"kind": "totp"}


def test_workspace_that_requires_it_leads_members_there_first(acme: Workspace, ada: Member, ben: Member) -> None:
    set_up(ada.user)
    actions.require_second_factor(workspace=acme, is_required=True, by=ada.actor, at=MORNING)
    assert last("workspace.second_factor_required").data == {"required": True}
    browser = browser_in(ben.user)
    led = browser.get("/w/acme/inbox")
    assert led["Location"] == "/accounts/2fa/?next=%2Fw%2Facme%2Finbox"
    assert "Your workspace requires one" in browser.get(led["Location"]).content.decode()
    fragment = browser.get("/w/acme/inbox", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["Desk-Problem"]) == (403, "second_factor")  # what its page holds is kept
    assert browser.get("/w/acme/inbox/stream", headers={"Accept": "text/event-stream"}).status_code == 403
    secret = browser.get("/accounts/2fa/totp/activate/").context["form"].secret
    browser.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    assert browser.get("/w/acme/inbox").status_code == 200
    assert browser.get(led["Location"])["Location"] == "/w/acme/inbox"


def test_keys_and_other_workspaces_are_not_asked(acme: Workspace, ada: Member, cleo: Member, acme_key: Key) -> None:
    set_up(ada.user)
    actions.require_second_factor(workspace=acme, is_required=True, by=ada.actor, at=MORNING)
    assert cleo.signed_in().get("/w/globex/inbox").status_code == 200
    answer = Client().get("/api/v1/conversations/", headers={"X-API-Key": acme_key.secret})
    assert answer.status_code != 403


def test_administration_asks_as_well(acme: Workspace, ada: Member, ben: Member) -> None:
    set_up(ada.user)
    actions.require_second_factor(workspace=acme, is_required=True, by=ada.actor, at=MORNING)
    assert ada.signed_in().get("/admin/").status_code == 200
    Authenticator.objects.all().delete()
    browser = ada.signed_in()
    assert browser.get("/admin/", follow=True).redirect_chain[-1][0] == "/accounts/2fa/"


def test_nobody_requires_what_they_do_not_have(acme: Workspace, ada: Member, ben: Member) -> None:
    with pytest.raises(Conflict):
        actions.require_second_factor(workspace=acme, is_required=True, by=ada.actor, at=MORNING)
    with pytest.raises(Forbidden):
        actions.require_second_factor(workspace=acme, is_required=True, by=ben.actor, at=MORNING)
    page = ada.signed_in().get("/w/acme/settings/workspace").content.decode()
    assert "Set up your own first" in page
    set_up(ada.user)
    ada.signed_in().post("/w/acme/settings/workspace/second-factor", {"required": "yes"})
    acme.refresh_from_db()
    assert acme.requires_second_factor
    ada.signed_in().post("/w/acme/settings/workspace/second-factor", {"required": "no"})
    acme.refresh_from_db()
    assert not acme.requires_second_factor


def test_operator_resets_what_was_lost(ben: Member, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(ben.user)
    call_command("reset_second_factor", email=ben.user.email.upper())
    assert capsys.readouterr().out.strip() == "1"
    assert not queries.has_second_factor(ben.user.pk)
    assert last("person.second_factor_reset").data == {"kind": "all"}
    with pytest.raises(Forbidden):
        actions.reset_second_factor(user=ben.user, by=Actor.person(ben.user), at=clock.now())


def test_secret_that_no_key_opens_lets_nobody_in(ben: Member, settings: Any) -> None:
    set_up(ben.user)
    settings.CHANNEL_SECRETS_KEYS = ["another"]
    browser = Client()
    browser.post("/accounts/login/", {"login": ben.user.email, "password": PASSWORD})
    for guess in (code(""), "000000"):
        assert browser.post("/accounts/2fa/authenticate/", {"code": guess}).status_code == 200
