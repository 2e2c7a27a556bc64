"""Menus that many people are in: what they hold is made when somebody opens them."""

from __future__ import annotations

import re
from html import unescape

from django.test import Client

from accounts.models import Workspace
from conversations.models import Conversation
from tests.conftest import Member
from tests.factories import MembershipFactory, UserFactory
from tests.inbox.conftest import markup_of

URL = "/w/acme/inbox/1"
MANY = 50


def colleagues(workspace: Workspace) -> list[str]:
    """The names of fifty more agents."""
    people = [UserFactory(name=f"Agent {number:02}") for number in range(MANY)]
    return [str(MembershipFactory(workspace=workspace, user=person).user) for person in people]


def named(html: str, names: list[str]) -> list[str]:
    """Those of the names that a page prints."""
    return [name for name in names if name in html]


def test_page_prints_nobody_who_is_not_on_it(agent: Client, conversation: Conversation, acme: Workspace) -> None:
    alone = agent.get(URL).content
    names = colleagues(acme)
    page = agent.get(URL).content
    assert named(page.decode(), names) == []
    assert page.count(b'class="face') == alone.count(b'class="face')


def test_menu_has_everybody_else_when_it_is_opened(
    agent: Client, conversation: Conversation, acme: Workspace, ben: Member
) -> None:
    names = colleagues(acme)
    page = markup_of(agent.get(URL).content)
    (address,) = re.findall(r'<details [^>]*id="menu-assign"[^>]* hx-get="([^"]*)"', page)
    menu = agent.get(address).content.decode()
    assert named(menu, names) == names
    assert str(ben.user) not in menu  # "Me" is in the page


def test_menu_is_a_page_where_there_is_no_script(agent: Client, conversation: Conversation, acme: Workspace) -> None:
    names = colleagues(acme)
    page = markup_of(agent.get(f"{URL}?view=open").content)
    (link,) = re.findall(r'<a class="menu__item" href="([^"]*menu=assign[^"]*)"', page)
    opened = markup_of(agent.get(unescape(link)).content)
    (menu,) = re.findall(r'<details [^>]*id="menu-assign"[^>]*>.*?</details>', opened)
    assert re.match(r"<details [^>]* open[ >]", menu)
    assert named(menu, names) == names


def test_viewers_are_not_offered_it(viewer: Client, conversation: Conversation) -> None:
    assert b"menu-assign" not in viewer.get(URL).content
    assert viewer.get(f"{URL}/menus/assign").status_code == 403
