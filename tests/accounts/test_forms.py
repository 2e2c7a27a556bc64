"""Forms that a page's script sends: the address that comes next instead of a redirect, and once, however often they are sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts import actions, clock
from accounts.models import Team, Workspace
from tests.conftest import Member

pytestmark = pytest.mark.django_db

FORM = {"Desk-Form": "0" * 32}
AGAIN = {**FORM, "Desk-Form-Again": "yes"}
URL = "/w/acme/settings/teams/new"


@pytest.fixture(autouse=True)
def nothing_kept() -> Any:
    cache.clear()
    yield
    cache.clear()


def add(browser: Client, name: str, headers: dict[str, str]) -> Any:
    return browser.post(URL, {"name": name}, headers=headers)


def test_answer_names_the_next_page_and_leaves_its_messages_to_it(acme: Workspace, ada: Member) -> None:
    browser = ada.signed_in()
    answer = add(browser, "Billing", FORM)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Location" not in answer
    plain = add(browser, "Sales", {})
    assert plain.status_code == 302
    page = browser.get(answer["Desk-Location"])
    assert page.status_code == 200
    assert Team.all_workspaces.filter(workspace=acme).count() == 2


def test_form_whose_answer_was_lost_is_not_done_twice(acme: Workspace, ada: Member, ben: Member) -> None:
    browser = ada.signed_in()
    first = add(browser, "Billing", FORM)
    again = add(browser, "Billing", AGAIN)
    assert (again.status_code, again["Desk-Location"]) == (204, first["Desk-Location"])
    assert Team.all_workspaces.filter(workspace=acme).count() == 1
    # It is known to the session that sent it alone, and only where an answer may have been lost.
    assert add(ben.signed_in(), "Billing", AGAIN).status_code == 403
    assert add(ada.signed_in(), "Sales", AGAIN)["Desk-Location"]
    assert add(browser, "Support", FORM)["Desk-Location"]
    assert set(Team.all_workspaces.filter(workspace=acme).values_list("name", flat=True)) == {
        "Billing",
        "Sales",
        "Support",
    }


def test_refused_form_is_done_when_it_is_sent_again(acme: Workspace, ada: Member) -> None:
    browser = ada.signed_in()
    refused = add(browser, "", FORM)
    assert refused.status_code == 422
    assert "<main" in refused.content.decode()
    assert add(browser, "Billing", AGAIN).status_code == 204
    assert Team.all_workspaces.filter(workspace=acme).count() == 1


def test_page_learns_why_everything_is_refused(acme: Workspace, ada: Member, ben: Member, cleo: Member) -> None:
    actions.remove_member(membership=ben.membership, by=ada.actor, at=clock.now())
    browser = ben.signed_in()
    refused = [
        browser.get("/w/acme/inbox"),
        browser.get("/w/acme/inbox", headers={"HX-Request": "true"}),
        browser.head("/w/acme/inbox/stream", headers={"Accept": "text/event-stream"}),
        add(browser, "Billing", FORM),
        cleo.signed_in().get("/w/no-such-workspace/inbox"),
    ]
    assert {(one.status_code, one["Desk-Problem"]) for one in refused} == {(404, "not_a_member")}
    assert "Desk-Problem" not in ada.signed_in().get("/w/acme/no-such-page")
    assert "/accounts/login/" in Client().post(URL, {"name": "Billing"}, headers=FORM)["Desk-Location"]
