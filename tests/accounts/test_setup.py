"""An empty desk is set up in the browser by its operator, once, and by nobody else."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import slugs
from accounts.credentials import links
from accounts.models import Membership, User, Workspace
from accounts.permissions import Role
from tests.concurrency import at_once
from tests.conftest import Member
from tests.factories import PASSWORD

WANTED = {
    "workspace": "Acme Bicycles",
    "time_zone": "Europe/Lisbon",
    "name": "Ada Duarte",
    "email": "Ada@Acme.example",
    "password": PASSWORD,
}


@pytest.fixture
def link(db: None) -> str:
    """The address that is printed when an empty desk starts."""
    out = io.StringIO()
    call_command("setup_link", stdout=out)
    return out.getvalue().strip().removeprefix(links.public(""))


def test_empty_desk_is_set_up_and_its_owner_is_led_on(client: Client, link: str) -> None:
    assert client.get("/")["Location"] == "/setup"
    assert b'name="workspace"' in client.get(link).content
    answer = client.post(link, WANTED)
    assert answer["Location"] == "/w/acme-bicycles/start"
    membership = Membership.all_workspaces.select_related("user", "workspace").get()
    assert (membership.role, membership.user.email, membership.user.is_superuser) == (
        Role.OWNER,
        "ada@acme.example",
        True,
    )
    assert (membership.workspace.name, membership.workspace.time_zone) == ("Acme Bicycles", "Europe/Lisbon")
    assert client.get("/w/acme-bicycles/start").status_code == 200


@pytest.mark.parametrize("code", ["", "?code=", "?code=guess", "?code=%00"])
def test_without_the_code_nothing_is_set_up(client: Client, db: None, code: str) -> None:
    assert "Setup code" in client.get(f"/setup{code}").content.decode()
    client.post(f"/setup{code}", WANTED)
    assert not User.objects.exists()
    assert not Workspace.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"workspace": " "},
        {"workspace": "\u200b\u3164"},
        {"time_zone": "Mars/Base"},
        {"email": "ada"},
        {"password": "12345678"},
        {"name": "\x00"},
    ],
)
def test_errors_are_shown_and_nothing_is_half_done(client: Client, link: str, wrong: dict[str, str]) -> None:
    answer = client.post(link, {**WANTED, **wrong})
    assert answer.status_code == 422
    assert "field__fault" in answer.content.decode()
    assert not User.objects.exists()
    assert not Workspace.objects.exists()


def test_desk_with_people_is_never_set_up_again(client: Client, ada: Member) -> None:
    assert client.get(links.setup().removeprefix(links.public("")))["Location"] == "/"
    client.post(links.setup().removeprefix(links.public("")), WANTED)
    assert User.objects.get() == ada.user
    assert client.get("/")["Location"] == "/accounts/login/?next=/"
    with pytest.raises(CommandError, match="already set up"):
        call_command("setup_link")


@pytest.mark.parametrize(
    ("name", "slug"), [("Acme Bicycles", "acme-bicycles"), ("Čajovna U Dvou koček", "cajovna-u-dvou-kocek"), ("株式会社", "desk"), ("API", "desk"), ("42", "desk"), ("x" * 80, "x" * 50)]
)  # fmt: skip
def test_slug_follows_the_name(name: str, slug: str) -> None:
    assert slugs.made_of(name) == slug


@pytest.mark.django_db(transaction=True)
def test_two_who_set_up_at_once_make_one_workspace() -> None:
    link = links.setup().removeprefix(links.public(""))
    statuses = at_once(lambda n: Client().post(link, {**WANTED, "email": f"ada{n}@acme.example"}).status_code, 3)
    assert statuses.count(302) >= 1
    assert User.objects.count() == Workspace.objects.count() == Membership.all_workspaces.count() == 1
