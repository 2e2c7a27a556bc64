"""Articles and macros of another workspace are as missing ones, at every address of one's own."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from accounts.models import Event, Workspace
from tests.factories import ArticleFactory, ConversationFactory, MacroFactory

SECRET = "zebra"


@pytest.fixture
def rows(acme: Workspace, globex: Workspace) -> tuple[str, str]:
    """An article and a macro of acme; globex has a conversation of its own."""
    ConversationFactory(workspace=globex)
    article = ArticleFactory(workspace=acme, title=SECRET, body=SECRET)
    macro = MacroFactory(workspace=acme, name=SECRET, body=SECRET)
    return str(article.public_id), str(macro.public_id)


def test_another_workspaces_rows_are_not_found(stranger: Client, rows: tuple[str, str]) -> None:
    before = Event.objects.count()
    article, macro = rows
    pages = [f"knowledge/articles/{article}{page}" for page in ("", "/edit", "/delete", "/publish", "/unpublish")]
    pages += [f"knowledge/macros/{macro}{page}" for page in ("", "/edit", "/delete")]
    pages += [f"inbox/1/macros/{macro}"]
    for page in pages:
        for ask in (stranger.get, stranger.post):
            there = ask(f"/w/globex/{page}")
            nowhere = ask(f"/w/globex/{page.replace(article, str(uuid.uuid4())).replace(macro, str(uuid.uuid4()))}")
            assert there.status_code == nowhere.status_code, page
            assert there.status_code in (404, 405), page
            assert SECRET not in there.content.decode()
    assert Event.objects.count() == before


def test_lists_hold_nothing_of_another_workspace(stranger: Client, rows: tuple[str, str]) -> None:
    for page in ("knowledge", "knowledge?q=ze", "knowledge/macros", "knowledge/macros?q=ze", "inbox/1/macros"):
        answer = stranger.get(f"/w/globex/{page}")
        assert answer.status_code == 200
        assert SECRET not in answer.content.decode(), page


def test_macro_is_not_filled_in_for_another_workspaces_conversation(
    agent: Client, acme: Workspace, rows: tuple[str, str]
) -> None:
    assert agent.get(f"/w/acme/inbox/1/macros/{rows[1]}").status_code == 404
    ConversationFactory(workspace=acme)
    assert agent.get(f"/w/acme/inbox/1/macros/{rows[1]}").status_code == 200
