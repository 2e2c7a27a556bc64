"""A session opens the desk no longer than it may: whatever ends it ends it with the next request."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import Membership, User, Workspace
from tests.conftest import Member
from tests.inbox.conftest import queries_of

URL = "/w/acme/inbox"
SIGN_IN = "/accounts/login/?next=/w/acme/inbox"


def signs_out(browser: Client, person: User) -> None:
    browser.post("/accounts/logout/")


def is_signed_out_elsewhere(browser: Client, person: User) -> None:
    Session.objects.all().delete()


def has_a_new_password(browser: Client, person: User) -> None:
    person.set_password("another one entirely")
    person.save()


def is_deactivated(browser: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


@pytest.mark.parametrize("end", [signs_out, is_signed_out_elsewhere, has_a_new_password, is_deactivated])
def test_person_is_asked_to_sign_in(acme: Workspace, ben: Member, end: Callable[[Client, User], None]) -> None:
    browser = ben.signed_in()
    assert browser.get(URL).status_code == 200
    end(browser, ben.user)
    answer = browser.get(URL)
    assert (answer.status_code, answer["Location"]) == (302, SIGN_IN)


def test_removed_member_finds_nothing(acme: Workspace, ben: Member) -> None:
    browser = ben.signed_in()
    assert browser.get(URL).status_code == 200
    Membership.all_workspaces.filter(user=ben.user).delete()
    assert browser.get(URL).status_code == 404


def test_changed_role_counts_at_once(acme: Workspace, ben: Member) -> None:
    browser = ben.signed_in()
    assert browser.get("/w/acme/settings/keys").status_code == 403
    Membership.all_workspaces.filter(user=ben.user).update(role="owner")
    assert browser.get("/w/acme/settings/keys").status_code == 200


def test_key_of_signatures_may_be_exchanged(acme: Workspace, ben: Member, settings: object) -> None:
    browser = ben.signed_in()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]  # type: ignore[attr-defined]
    settings.SECRET_KEY = "the next key, as long as it takes to be one"  # type: ignore[attr-defined]
    assert browser.get(URL).status_code == 200
    assert browser.get(URL).status_code == 200


def test_session_and_person_are_two_statements(acme: Workspace, ben: Member) -> None:
    browser = ben.signed_in()
    assert queries_of(lambda: browser.get(f"{URL}/counts")) == 3  # and the counts
