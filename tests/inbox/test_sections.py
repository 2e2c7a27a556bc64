"""The sections of the screens: each folder is one, and what it states of itself is in the rail and in the help."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Workspace
from accounts.permissions import rules
from conversations.screens import sections
from conversations.screens.formatting import icon
from tests.conftest import Member
from tests.inbox.conftest import markup_of, text_of

FOLDERS = {path.parent.name for path in Path(sections.__file__).parent.glob("*/urls.py")}
LINKS = {name: section.link for name, section in sections.all_sections().items() if section.link}


def rail(client: Client, path: str) -> list[str]:
    """The names in the rail of a page, in their order."""
    html = client.get(path).content.decode()
    links: list[str] = re.findall(r'<a\s[^>]*class="rail__link[^"]*"[^>]*aria-label="([^"]*)"', html)
    return links


def test_every_folder_is_a_section() -> None:
    assert set(sections.NAMES) == FOLDERS
    assert len(sections.NAMES) == len(FOLDERS)


@pytest.mark.parametrize("name", LINKS)
def test_link_leads_to_a_page_that_says_it_is_the_current_one(name: str, acme: Workspace, ada: Member) -> None:
    link = LINKS[name]
    assert "<svg" in icon(link.icon)
    assert not link.permission or link.permission in rules()
    page = ada.signed_in().get(reverse(link.url_name, args=[acme.slug]), follow=True).content.decode()
    assert re.findall(r'aria-current="page"\s+aria-label="([^"]*)"', page) == [link.label]


def test_rail_is_in_order_and_shows_what_a_member_may_see(ada: Member, ben: Member) -> None:
    everyone = ["Inbox", "Tickets", "Customers", "Callbacks", "Knowledge", "Assistant", "API reference", "Settings"]
    assert rail(ben.signed_in(), "/w/acme/knowledge") == [*everyone, "Notifications"]
    assert rail(ada.signed_in(), "/w/acme/knowledge") == [*everyone, "Administration", "Notifications"]


def test_a_phone_has_the_rest_of_the_rail_in_a_menu(ada: Member, ben: Member) -> None:
    for who, administers in ((ben, []), (ada, ["Administration"])):
        page = who.signed_in().get("/w/acme/knowledge").content
        menu = markup_of(page).split('id="menu-rail"')[1].split("</details>")[0]
        items = [
            text_of(one.encode()).strip()
            for one in re.findall(r'<(?:a|button) class="menu__item.*?</(?:a|button)>', menu)
        ]
        assert items == [
            "Callbacks", "Assistant", "Settings", "API reference", *administers, "Commands", "All workspaces",
        ]  # fmt: skip


def test_no_two_shortcuts_share_a_name_or_keys() -> None:
    stated = [shortcut.name for section in sections.all_sections().values() for shortcut in section.shortcuts]
    assert len(set(stated)) == len(stated)
    assert not {name for name, link in LINKS.items() if link.keys} & set(stated)
    keys = [key for shortcut in sections.shortcuts().values() for key in shortcut.keys]
    assert len(set(keys)) == len(keys)


def test_help_has_every_shortcut_once_and_its_groups_in_order(ada: Member) -> None:
    html = ada.signed_in().get("/w/acme/knowledge").content.decode()
    assert re.findall(r'data-key-name="([^"]*)"', html) == list(sections.shortcuts())
    dialog = html[re.search(r'<dialog\s+id="help"', html).start() :]  # type: ignore[union-attr]
    assert re.findall(r"<h3>(.*?)</h3>", dialog) == ["Move", "Conversation", "Writing", "Go to", "General"]
