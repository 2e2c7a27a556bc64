"""Pages outside the workspaces speak the language of who reads them, and mails to members that of the member."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts import actions, clock
from accounts.credentials import links
from accounts.models import User, Workspace
from accounts.permissions import Actor, Role
from tests.accounts.post import link_in, path_of, send_queued
from tests.conftest import Member
from tests.factories import UserFactory
from tests.languages import speak_german

pytestmark = pytest.mark.django_db

WORDS = {
    "Sign in to your desk": "Anmelden",
    "Email addresses": "E-Mail-Adressen",
    "This is not your current password.": "Das ist nicht dein Passwort.",
    "Set up this desk": "Einrichten",
    "Your name": "Dein Name",
    "Join <bdi>%(workspace)s</bdi>": "Willkommen bei <bdi>%(workspace)s</bdi>",
    "Page not found": "Seite nicht gefunden",
    "Something went wrong": "Etwas ging schief",
    "This page is out of date": "Veraltet",
    "You don't have access": "Kein Zugriff",
    "Your workspaces": "Deine Bereiche",
    "Hello %(name)s,": "Hallo %(name)s,",
    "Hello,": "Guten Tag,",
    "Choose a new password for Parley": "Neues Passwort",
    "Join %(workspace)s on Parley": "Einladung zu %(workspace)s",
}
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture(autouse=True)
def german_words(tmp_path: Path, settings: Any) -> Any:
    speak_german(tmp_path / "locale", settings, WORDS)
    settings.EMAIL_HOST, settings.PUBLIC_URL = "mail.example", "https://desk.example"
    cache.clear()
    yield
    assert translation.get_language() == "en"
    cache.clear()


def speaks(user: User, language: str) -> None:
    actions.update_profile(user=user, language=language, by=Actor.person(user), at=clock.now())
    user.refresh_from_db()


def text(answer: Any) -> str:
    return str(answer.content.decode())


# --- Before signing in ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("de", "de"), ("de-CH, en;q=0.3", "de"), ("fr, de;q=0.5", "de"), ("en-GB, de;q=0.5", "en"), ("fr", "en"), ("", "en"),
        ("*", "en"), ("de;q=x", "en"), ("de" * 5000, "en"),
    ],
)  # fmt: skip
def test_sign_in_page_is_in_the_browsers_language(asked: str, language: str) -> None:
    answer = Client().get(reverse("account_login"), headers={"Accept-Language": asked})
    assert f'<html lang="{language}"' in text(answer)
    assert ("Anmelden" in text(answer)) == (language == "de")
    assert "Accept-Language" in answer["Vary"]


def test_errors_of_forms_are_in_the_browsers_language() -> None:
    answer = Client(headers=GERMAN).post(reverse("account_reset_password"), {"email": ""})
    assert "Dieses Feld ist zwingend erforderlich." in text(answer)


def test_setting_up_is_in_the_browsers_language() -> None:
    answer = Client(headers=GERMAN).get("/setup", {"code": links.setup_code()})
    assert '<html lang="de"' in text(answer)
    assert "Einrichten" in text(answer)
    assert "Dein Name" in text(answer)


def test_invitation_is_in_the_browsers_language_and_escapes_names(acme: Workspace, ada: Member) -> None:
    acme.name = "<Acme> & 100%"
    acme.save(update_fields=["name"])
    actions.invite(workspace=acme, email="nia@example.com", role=Role.AGENT, by=ada.actor, at=clock.now())
    (letter,) = send_queued()
    page = text(Client(headers=GERMAN).get(path_of(link_in(letter))))
    assert '<html lang="de"' in page
    assert "Willkommen bei <bdi>&lt;Acme&gt; &amp; 100%</bdi>" in page


# --- Signed in ------------------------------------------------------------------------------------


def test_who_is_signed_in_reads_the_language_that_they_chose(ben: Member) -> None:
    speaks(ben.user, "de")
    client = ben.signed_in()
    page = client.get(reverse("account_email"), headers={"Accept-Language": "en"})
    assert '<html lang="de"' in text(page)
    assert "E-Mail-Adressen" in text(page)
    refused = client.post(reverse("account_email"), {"email": "b@example.com", "password": "no", "action_add": ""})
    assert "Das ist nicht dein Passwort." in text(refused)
    assert "Deine Bereiche" in text(client.get("/?choose"))


def test_who_chose_none_reads_the_desks_whatever_their_browser_asks_for(ben: Member) -> None:
    page = ben.signed_in().get(reverse("account_email"), headers=GERMAN)
    assert '<html lang="en"' in text(page)


# --- Error pages ----------------------------------------------------------------------------------


def test_error_pages_are_in_the_browsers_language() -> None:
    missing = Client(headers=GERMAN).get("/nothing-is-here")
    assert (missing.status_code, "Seite nicht gefunden" in text(missing)) == (404, True)
    assert '<html lang="de"' in text(missing)
    assert "Accept-Language" in missing["Vary"]
    outdated = Client(enforce_csrf_checks=True, headers=GERMAN).post(reverse("account_login"), {})
    assert (outdated.status_code, "Veraltet" in text(outdated)) == (403, True)


def test_error_pages_of_a_workspace_are_in_the_persons_language(vic: Member) -> None:
    speaks(vic.user, "de")
    client = vic.signed_in()
    assert "Seite nicht gefunden" in text(client.get("/w/acme/inbox/9999", headers={"Accept-Language": "en"}))
    assert "Seite nicht gefunden" in text(client.get("/w/acme/nothing", headers={"Accept-Language": "en"}))
    assert "Kein Zugriff" in text(client.get("/w/acme/start", headers={"Accept-Language": "en"}))


def test_page_of_a_failure_is_in_the_browsers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> Any:
        raise RuntimeError("it broke")

    monkeypatch.setattr("accounts.signin.views.is_set_up", fail)
    answer = Client(raise_request_exception=False, headers=GERMAN).get("/setup")
    assert (answer.status_code, "Etwas ging schief" in text(answer)) == (500, True)
    assert '<html lang="de"' in text(answer)


def test_administration_is_english(ada: Member) -> None:
    speaks(ada.user, "de")
    page = ada.signed_in().get("/admin/", headers=GERMAN)
    assert '<html lang="en' in text(page)
    assert "Log out" in text(page)


# --- Mails ----------------------------------------------------------------------------------------


def test_mail_is_in_the_language_of_who_gets_it(ben: Member) -> None:
    speaks(ben.user, "de")
    Client().post(reverse("account_reset_password"), {"email": ben.user.email}, headers={"Accept-Language": "en"})
    (letter,) = send_queued()
    assert letter.subject == "Neues Passwort"
    assert f"Hallo {ben.user.get_short_name()},\n" in letter.body


def test_mail_to_who_chose_no_language_is_in_the_desks(ben: Member) -> None:
    Client().post(reverse("account_reset_password"), {"email": ben.user.email}, headers=GERMAN)
    Client().post(reverse("account_reset_password"), {"email": "nobody@example.com"}, headers=GERMAN)
    known, unknown = send_queued()
    assert (known.subject, unknown.subject) == ("Choose a new password for Parley", "No account with this address")
    assert "Hello Ben,\n" in known.body
    assert "Hello,\n" in unknown.body


@time_machine.travel("2026-03-02T10:00:00Z", tick=False)
def test_invitation_is_mailed_in_the_language_of_the_invited_person(acme: Workspace, ada: Member) -> None:
    speaks(ada.user, "de")
    known: User = UserFactory(email="lena@example.com")
    speaks(known, "de")
    for email in (known.email, "nia@example.com"):
        actions.invite(workspace=acme, email=email, role=Role.AGENT, by=ada.actor, at=clock.now())
    german, english = send_queued()
    assert german.subject == "Einladung zu Acme"
    assert "9 März 2026" in german.body.replace(".", "")
    assert english.subject == "Join Acme on Parley"
    assert f"{ada.user.name} invited you to join Acme as agent.\n" in english.body
    assert "until 9 March 2026, 10:00 UTC." in english.body
