"""Every list of every format and screen asks as many questions for one row as for fifty. Administration: tests/admin/test_reach.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse

from accounts import clock
from accounts.models import Workspace
from conversations.api import discovery
from conversations.screens.urls import urlpatterns
from tests.conftest import Member
from tests.dialects.access import Access
from tests.dialects.harness import Route, routes
from tests.factories import ArticleFactory, ContactFactory, ConversationFactory, MacroFactory, UserFactory, reply
from tests.grown.growth import grow, lengthen
from tests.inbox.test_strangers import flat

pytestmark = pytest.mark.django_db
DIALECTS = [dialect.name for dialect in discovery.all_dialects()]

ANOTHER = {"inbox-stream": "is a stream", "inbox-rows": "is asked for the rows that are shown"}
"""Screens that are no page with rows of their own."""


_COUNTED = "GET /api/projects/{project_id}/conversations/tickets/{id}/messages"
"""A page that does not hold all asks how many there are; one that does has counted them."""


def asked(call: Callable[[], Any]) -> int:
    """How many statements a call sends, the second time: what is noted once has been noted."""
    call()
    with CaptureQueriesContext(connection) as captured:
        answer = call()
    assert answer.status_code == 200, answer.content[:300]
    return len(captured)


def enlarge(workspace: Workspace, user_id: int) -> None:
    """Fifty and more of everything that a customer or a member makes."""
    grow(workspace, 60, user_id=user_id)
    lengthen(workspace, 50, user_id=user_id)
    for _ in range(3):
        ArticleFactory(workspace=workspace)
        MacroFactory(workspace=workspace)


@pytest.fixture
def stopped() -> Iterator[None]:
    """Time stands still, so that no run is given up meanwhile, whatever the machine has to do besides."""
    with time_machine.travel(clock.now(), tick=False):
        yield


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_call_of_a_format_asks_no_more_of_many_rows(dialect: str) -> None:
    access = Access(dialect)
    listed = [
        route
        for route in routes()
        if route.dialect == dialect and route.method == "GET" and access.operation(route).get("granted", 200) == 200
    ]
    assert listed

    def ask() -> dict[str, int]:
        return {str(route): asked(lambda route=route: _call(access, route)) for route in listed}  # type: ignore[misc]

    before = ask()
    enlarge(access.scene.workspace, UserFactory().pk)
    more = {name: count - before[name] for name, count in ask().items() if count != before[name]}
    assert more == ({_COUNTED: 1} if dialect == "posthog" else {})


def _call(access: Access, route: Route) -> Any:
    stated = access.operation(route).get("session")
    headers = access.scene.fill(stated) if stated else access.headers(route, access.scene.names["server_key"])
    return access.call(route, access.path(route), headers)


def test_screen_asks_no_more_of_many_rows(acme: Workspace, ada: Member) -> None:
    conversation = ConversationFactory(workspace=acme)
    reply(conversation)
    article, macro = ArticleFactory(workspace=acme), MacroFactory(workspace=acme)
    for _ in range(2):
        ContactFactory(workspace=acme, name="Twin", company="Acme")
    browser = ada.signed_in()
    known = {"workspace_slug": "acme", "number": conversation.number, "message": conversation.last_message_id}
    ids = {"article": article.public_id, "macro": macro.public_id}

    def address(pattern: URLPattern) -> str | None:
        wanted = {"workspace_slug", *pattern.pattern.converters}
        kind = next((kind for kind in ids if kind in str(pattern.name)), None)
        values = {**known, **({"public_id": ids[kind]} if kind else {})}
        if wanted - values.keys() or pattern.name in ANOTHER:
            return None
        return reverse(pattern.name or "", kwargs={name: values[name] for name in wanted})

    found = {pattern.name: address(pattern) for pattern in flat(urlpatterns)}
    pages = {name: url for name, url in found.items() if url and browser.get(url).status_code == 200}
    pages |= {
        f"inbox {view}": f"/w/acme/inbox?view={view}"
        for view in ("mine", "open", "waiting", "news", "solved", "assistant")
    }
    assert {
        "inbox",
        "conversation",
        "knowledge",
        "macros",
        "inbox-counts",
        "article",
        "assistant",
    } <= pages.keys()

    def ask() -> dict[str, int]:
        return {str(name): asked(lambda url=url: browser.get(url)) for name, url in pages.items()}  # type: ignore[misc]

    enlarge(acme, ada.user.pk)  # each part of a page is shown, hence asked for, before and after
    before = ask()
    enlarge(acme, ada.user.pk)
    assert ask() == before
