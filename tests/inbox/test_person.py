"""Coming in, choosing a workspace, and how a person likes the desk."""

from __future__ import annotations

import re

from django.test import Client

from accounts.models import Workspace
from accounts.permissions import Role
from tests.accounts.post import link_in, path_of, send_queued
from tests.conftest import Member
from tests.factories import PASSWORD, MembershipFactory, UserFactory, WorkspaceFactory
from tests.inbox.conftest import text_of


def test_home_leads_to_the_inbox_of_the_workspace_one_was_in_last(
    agent: Client, ben: Member, globex: Workspace
) -> None:
    assert agent.get("/")["Location"] == "/w/acme/inbox"
    MembershipFactory(workspace=globex, user=ben.user, role=Role.AGENT)
    agent.get("/w/globex/inbox")
    assert agent.get("/")["Location"] == "/w/globex/inbox"
    choice = text_of(agent.get("/?choose").content)
    assert "Acme" in choice
    assert "Globex" in choice


def test_home_leads_first_to_the_workspace_that_the_person_joined_first(agent: Client, ben: Member) -> None:
    later = WorkspaceFactory(slug="aaa", name="Aaa comes first by name")
    MembershipFactory(workspace=later, user=ben.user, role=Role.AGENT)
    assert agent.get("/")["Location"] == "/w/acme/inbox"


def test_every_page_names_its_workspace(agent: Client) -> None:
    for path in ("inbox", "knowledge", "assistant"):
        assert "Acme" in text_of(agent.get(f"/w/acme/{path}").content.split(b"<body", 1)[1].split(b"</nav>", 1)[1])


def test_home_of_nobody_is_the_sign_in_page(client: Client, ben: Member) -> None:
    assert client.get("/")["Location"] == "/accounts/login/?next=/"


def test_person_without_a_workspace_reads_what_to_do(client: Client, db: None) -> None:
    client.force_login(
        UserFactory(email="lone@example.com"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    text = text_of(client.get("/").content)
    assert "No workspace yet" in text
    assert "lone@example.com" in text


def test_signing_in_and_out(client: Client, ben: Member) -> None:
    page = client.get("/accounts/login/")
    assert "Sign in to your desk" in text_of(page.content)
    wrong = client.post("/accounts/login/", {"login": ben.user.email, "password": "wrong"})
    assert "not correct" in text_of(wrong.content)
    answer = client.post("/accounts/login/", {"login": ben.user.email, "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == "/w/acme/inbox"
    client.post("/accounts/logout/")
    assert client.get("/w/acme/inbox").status_code == 302


def test_forgotten_password_is_reset_by_mail(client: Client, ben: Member) -> None:
    client.post("/accounts/password/reset/", {"email": ben.user.email})
    (letter,) = send_queued()
    assert "Choose a new password" in letter.subject
    form = client.get(path_of(link_in(letter)), follow=True)
    assert "Choose a new password" in text_of(form.content)
    new = {"password1": "a very new secret", "password2": "a very new secret"}
    client.post(form.redirect_chain[-1][0], new)
    ben.user.refresh_from_db()
    assert ben.user.check_password("a very new secret")


def test_nobody_signs_up_alone(client: Client, db: None) -> None:
    assert "People join by invitation" in text_of(client.get("/accounts/signup/").content)


def test_preferences_are_kept_one_by_one(agent: Client, ben: Member, conversation: object) -> None:
    back = agent.post("/w/acme/preferences", {"theme": "dark", "back": "/w/acme/inbox/1"})
    assert back["Location"] == "/w/acme/inbox/1"
    agent.post("/w/acme/preferences", {"shortcuts": "off"}, headers={"HX-Request": "true"})
    agent.post("/w/acme/preferences", {"theme": "plaid"})
    ben.user.refresh_from_db()
    assert ben.user.preferences == {"theme": "dark", "shortcuts": "off"}
    html = agent.get("/w/acme/inbox").content.decode()
    assert '<html lang="en" dir="ltr" data-theme="dark">' in html
    assert 'data-shortcuts="off"' in html


def test_preferences_lead_nowhere_else(agent: Client) -> None:
    answer = agent.post("/w/acme/preferences", {"theme": "dark", "back": "https://evil.example/"})
    assert answer["Location"] == "/w/acme/inbox"


def test_help_and_keys_come_from_one_table(agent: Client, viewer: Client, conversation: object) -> None:
    html = agent.get("/w/acme/inbox/1").content.decode()
    assert 'data-key-name="assign" data-keys="a"' in html
    assert 'data-shortcut="assign" title="Assign to … (a)" aria-keyshortcuts="a"' in html
    assert 'data-key-name="reply"' not in viewer.get("/w/acme/inbox/1").content.decode()


def test_every_page_with_keys_loads_what_they_rest_on_first(ada: Member, conversation: object) -> None:
    browser = ada.signed_in()
    for path in ("inbox", "inbox/1", "knowledge", "knowledge/macros/new", "assistant", "settings/members", "start"):
        html = browser.get(f"/w/acme/{path}").content.decode()
        loaded = [
            name for name in re.findall(r'src="[^"]*screens/(\w+)\.', html) if name in ("answers", "menus", "keys")
        ]
        assert loaded == ["answers", "menus", "keys"], path


def test_error_pages_speak_plainly(agent: Client, viewer: Client, conversation: object) -> None:
    assert "Page not found" in text_of(agent.get("/nowhere").content)
    refused = viewer.post("/w/acme/inbox/1/status", {"status": "closed"})
    assert "You don't have access" in text_of(refused.content)
