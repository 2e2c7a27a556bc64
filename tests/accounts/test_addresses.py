"""An email address counts only when it is proven, and nobody changes theirs without their password."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.auth import authenticate
from django.core.cache import cache
from django.test import Client
from django.urls import Resolver404, resolve

from accounts import actions, clock, queries
from accounts.errors import Conflict, Forbidden, Invalid
from accounts.models import Event, User
from accounts.permissions import Actor
from tests.accounts.post import link_in, path_of, send_queued
from tests.conftest import Member
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/accounts/email/"
NEW = "benjamin@example.com"


@pytest.fixture(autouse=True)
def nothing_counted() -> Any:
    cache.clear()
    yield
    cache.clear()


def ask(client: Client, email: str = NEW, password: str = PASSWORD, action: str = "action_add") -> Any:
    return client.post(PAGE, {"email": email, "password": password, action: ""})


def proven(client: Client, email: str = NEW) -> None:
    ask(client, email)
    (letter,) = send_queued()
    assert letter.to == [email]
    assert client.post(path_of(link_in(letter))).status_code == 302


def test_address_is_added_by_the_link_that_is_mailed_to_it(ben: Member) -> None:
    client = ben.signed_in()
    assert ask(client).status_code == 302
    assert not queries.has_proven(ben.user, NEW)
    assert authenticate(None, username=NEW, password=PASSWORD) is None
    (letter,) = send_queued()
    path = path_of(link_in(letter))
    client.get(path)
    assert not queries.has_proven(ben.user, NEW), "a look changes nothing"
    client.post(path)
    assert queries.has_proven(ben.user, NEW)
    assert authenticate(None, username=NEW, password=PASSWORD) == ben.user
    ben.user.refresh_from_db()
    assert ben.user.email == "ben@acme.example"


def test_primary_address_changes_with_the_password_and_the_one_before_is_notified(ben: Member) -> None:
    client = ben.signed_in()
    proven(client)
    assert "not your current password" in ask(client, password="wrong", action="action_primary").content.decode()
    ben.user.refresh_from_db()
    assert ben.user.email == "ben@acme.example"
    assert ask(client, action="action_primary").status_code == 302
    ben.user.refresh_from_db()
    assert ben.user.email == NEW
    assert EmailAddress.objects.get(user=ben.user, primary=True).email == NEW
    (letter,) = send_queued()
    assert letter.to == ["ben@acme.example"]
    assert ask(client, "ben@acme.example", action="action_remove").status_code == 302
    assert authenticate(None, username="ben@acme.example", password=PASSWORD) is None
    kinds = Event.objects.filter(workspace=None, subject_id=ben.user.pk).order_by("id").values_list("type", flat=True)
    assert list(kinds) == [
        "person.email_requested", "person.email_verified", "person.email_changed", "person.email_removed",
    ]  # fmt: skip


def test_unverified_address_of_somebody_else_is_never_made_primary(ben: Member, cleo: Member) -> None:
    EmailAddress.objects.create(user=ben.user, email="victim@example.com", verified=False, primary=False)
    client = ben.signed_in()
    for email in ("victim@example.com", cleo.user.email, "nobody@example.com"):
        assert ask(client, email, action="action_primary").status_code == 422
        client.post(PAGE, {"email": email, "action_primary": ""})
    ben.user.refresh_from_db()
    assert ben.user.email == "ben@acme.example"
    assert queries.person_by_email("victim@example.com") is None


@pytest.mark.parametrize("action", ["action_add", "action_primary", "action_remove"])
def test_nothing_changes_without_the_password(ben: Member, action: str) -> None:
    client = ben.signed_in()
    proven(client)
    before = Event.objects.count()
    for password in ("", "wrong"):
        assert ask(client, "other@example.com" if action == "action_add" else NEW, password, action).status_code == 422
    assert Event.objects.count() == before
    assert send_queued() == []


def test_link_works_for_the_account_that_asked_alone_and_for_three_days(ben: Member, cleo: Member) -> None:
    ask(ben.signed_in(), "victim@example.com")
    (letter,) = send_queued()
    path = path_of(link_in(letter))
    # Whoever reads that mail must not be talked into giving their address to somebody else's account.
    assert Client().get(path)["Location"].startswith("/accounts/login/")
    assert cleo.signed_in().post(path).status_code == 422
    with time_machine.travel(clock.now() + timedelta(days=4), tick=False):
        assert ben.signed_in().post(path).status_code == 422
    assert not EmailAddress.objects.filter(email="victim@example.com").exists()


def test_address_of_another_account_is_not_revealed_before_it_is_proven(ben: Member, cleo: Member) -> None:
    client = ben.signed_in()
    known, unknown = ask(client, cleo.user.email), ask(client, "nobody@example.com")
    assert known.status_code == unknown.status_code == 302
    letters = send_queued()
    answer = client.post(path_of(link_in(letters[0])))
    assert "belongs to another account" in answer.content.decode()
    assert queries.person_by_email(cleo.user.email) == cleo.user


def test_primary_address_cannot_be_removed_and_nobody_changes_anothers(ben: Member, ada: Member) -> None:
    act: dict[str, Any] = {"user": ben.user, "password": PASSWORD, "at": clock.now()}
    with pytest.raises(Conflict):
        actions.remove_email(email=ben.user.email, by=Actor.person(ben.user), **act)
    for verb in (actions.request_email, actions.make_email_primary, actions.remove_email):
        with pytest.raises(Forbidden):
            verb(email=NEW, by=Actor.person(ada.user), **act)
    with pytest.raises(Invalid):
        actions.request_email(email="nonsense", by=Actor.person(ben.user), **act)


def test_pages_of_allauth_that_change_addresses_or_skip_the_password_are_gone(ben: Member) -> None:
    for path in ("confirm-email/abc/", "confirm-email/", "login/code/confirm/", "2fa/trust/", "2fa/webauthn/signup/"):
        with pytest.raises(Resolver404):
            resolve(f"/accounts/{path}")
    assert ben.signed_in().get("/accounts/password/set/")["Location"] == "/accounts/password/reset/"


def test_wrong_passwords_on_this_page_are_counted(ben: Member) -> None:
    client = ben.signed_in()
    assert 429 in [ask(client, password="wrong").status_code for _ in range(12)]


def test_todays_people_keep_their_address_and_a_claimed_one_counts_for_nothing(db: None) -> None:
    def person(email: str) -> User:
        user = UserFactory(email=email)
        EmailAddress.objects.filter(user=user).delete()
        return user

    plain, visited, proved = person("plain@example.com"), person("visited@example.com"), person("proved@example.com")
    thief, two = person("victim@example.com"), person("two@example.com")
    rows = [
        (visited, "visited@example.com", False, False), (visited, "other@example.com", False, False),
        (proved, "proved@example.com", True, True), (proved, "alias@example.com", True, False),
        (thief, "thief@example.com", False, False), (thief, "victim@example.com", False, True),
        (two, "two.alias@example.com", True, True),
    ]  # fmt: skip
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=email, verified=verified, primary=primary)
        for user, email, verified, primary in rows
    )
    import_module("accounts.migrations.0005_verified_addresses").keep_what_is_proven(apps, None)
    kept = EmailAddress.objects.order_by("user", "email").values_list("user__email", "email", "verified", "primary")
    assert set(kept) == {
        (plain.email, "plain@example.com", True, True), (visited.email, "visited@example.com", True, True),
        (proved.email, "proved@example.com", True, True), (proved.email, "alias@example.com", True, False),
        (two.email, "two@example.com", True, True), (two.email, "two.alias@example.com", True, False),
    }  # fmt: skip
    for email in ("plain@example.com", "visited@example.com", "alias@example.com", "victim@example.com"):
        assert authenticate(None, username=email, password=PASSWORD) is not None
    client = Client()
    client.force_login(thief, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "Not verified" in client.get(PAGE).content.decode()
