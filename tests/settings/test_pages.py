"""Every page of the settings: who may open it, what it says about that, and where the members were before."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Role
from conversations import actions
from tests.conftest import Member, member
from tests.factories import ConversationFactory, TeamFactory, TicketFactory
from tickets.models import Tag

pytestmark = pytest.mark.usefixtures("in_acme")

FOR_EVERYONE = ("", "/profile", "/security", "/notifications", "/workspace", "/members", "/teams", "/tags", "/hours")
FOR_ADMINS = ("/teams/new", "/keys", "/keys/new", "/audit", "/audit/export.csv", "/audit/export.jsonl")


def status(browser: Client, path: str) -> int:
    return browser.get(f"/w/acme/settings{path}").status_code


@pytest.mark.parametrize("role", Role)
def test_pages_open_for_those_whom_they_name(acme: Workspace, role: Role) -> None:
    browser = member(acme, f"{role.value} someone", role).signed_in()
    assert {path: status(browser, path) for path in FOR_EVERYONE} == dict.fromkeys(FOR_EVERYONE, 200)
    wanted = 200 if role in (Role.OWNER, Role.ADMIN) else 403
    assert {path: status(browser, path) for path in FOR_ADMINS} == dict.fromkeys(FOR_ADMINS, wanted)


def test_strangers_find_nothing(cleo: Member) -> None:
    assert {status(cleo.signed_in(), path) for path in FOR_EVERYONE + FOR_ADMINS} == {404}


def test_pages_say_who_sees_them(ada: Member, ben: Member) -> None:
    assert "Who sees this page: Only you" in ben.signed_in().get("/w/acme/settings/profile").content.decode()
    assert "Everyone in the workspace" in ben.signed_in().get("/w/acme/settings/teams").content.decode()
    assert "Owners and admins" in ada.signed_in().get("/w/acme/settings/keys").content.decode()


def test_pages_that_one_may_only_read_say_who_changes_them(ada: Member, ben: Member, vic: Member) -> None:
    read = ("workspace", "members", "teams", "hours", "tags", "attributes", "chat", "mailboxes", "discord")
    line = "View only. Who changes this: Owners and admins"
    for path in read:
        assert line in ben.signed_in().get(f"/w/acme/settings/{path}").content.decode(), path
        assert "View only" not in ada.signed_in().get(f"/w/acme/settings/{path}").content.decode(), path
    assert line in ben.signed_in().get("/w/acme/assistant").content.decode()
    views = vic.signed_in().get("/w/acme/settings/views").content.decode()
    assert "View only. Who changes this: Agents, admins and owners" in views
    assert "View only" not in vic.signed_in().get("/w/acme/settings/profile").content.decode()


def test_every_screen_says_to_viewers_that_they_only_read(acme: Workspace, ben: Member, vic: Member) -> None:
    ticket = TicketFactory(workspace=acme)
    conversation = ConversationFactory(workspace=acme)
    contact = f"customers/{conversation.contact.public_id}"
    screens = ("tickets", "tickets/board", f"tickets/{ticket.number}", "customers", contact, "companies", "knowledge")
    for path in (*screens, "callbacks", "assistant", f"inbox/{conversation.number}"):
        assert "View only</" in vic.signed_in().get(f"/w/acme/{path}").content.decode(), path
        assert "View only</" not in ben.signed_in().get(f"/w/acme/{path}").content.decode(), path


def test_no_page_says_that_it_is_for_everyone_unless_viewers_open_it(
    acme: Workspace, ada: Member, ben: Member, vic: Member
) -> None:
    team = TeamFactory(workspace=acme)
    act: dict[str, Any] = {"by": ada.actor, "at": clock.now()}
    shown: dict[str, Any] = {"subject": "conversation", "name": "VIPs", "visibility": "shared"}
    view = actions.create_view(workspace=acme, condition={"all": []}, **shown, **act)
    actions.set_tags(conversation=ConversationFactory(workspace=acme), names=["vip"], **act)
    tag = Tag.objects.get()
    paths = [
        *("/teams/new", "/views/new", "/chat/add"),
        *(f"/teams/{team.public_id}", f"/teams/{team.public_id}/delete", f"/tags/{tag.pk}", f"/tags/{tag.pk}/delete"),
        *(f"/members/{ben.membership.pk}", f"/members/{ben.membership.pk}/remove", f"/views/{view.short_id}/delete"),
    ]
    as_ada, as_vic = ada.signed_in(), vic.signed_in()
    pages = {path: as_ada.get(f"/w/acme/settings{path}") for path in paths}
    assert {path: page.status_code for path, page in pages.items()} == dict.fromkeys(paths, 200)
    open_ones = [path for path, page in pages.items() if "Everyone in the workspace" in page.content.decode()]
    assert {path: status(as_vic, path) for path in open_ones} == dict.fromkeys(open_ones, 200)


def test_list_leads_to_what_the_member_may_see(ada: Member, ben: Member) -> None:
    of_ada, of_ben = (one.signed_in().get("/w/acme/settings").content.decode() for one in (ada, ben))
    for title in (
        "Profile",
        "Security",
        "Notifications",
        "Workspace",
        "Members",
        "Teams",
        "Tags",
        "Macros",
        "Assistant",
        "Mailboxes",
    ):
        assert f"<b>{title}</b>" in of_ada
        assert f"<b>{title}</b>" in of_ben
    for title in ("API keys", "Audit log", "Customer identity", "Forms"):
        assert f"<b>{title}</b>" in of_ada
        assert f"<b>{title}</b>" not in of_ben


def test_old_address_of_members_leads_to_the_new_one(ada: Member) -> None:
    assert ada.signed_in().get("/w/acme/people")["Location"] == "/w/acme/settings/members"


def test_every_page_of_the_list_shows_the_list(ada: Member) -> None:
    browser = ada.signed_in()
    overview = browser.get("/w/acme/settings").content.decode()
    listed = re.findall(r'href="([^"]+)"', overview.split('class="setting__list"')[1].split("</nav>")[0])
    assert len(listed) > 15
    own = [path for path in listed if "/settings/" in path]
    shown = {path: browser.get(path, follow=True).content.decode() for path in own}
    nav = {path: page.split('class="setting__list"')[-1].split("</nav>")[0] for path, page in shown.items()}
    assert {path for path, part in nav.items() if any(f'href="{one}"' not in part for one in listed)} == set()
