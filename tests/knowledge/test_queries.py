"""What is found in the knowledge base, page by page."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import clock
from accounts.errors import Invalid, NotFound
from accounts.models import Workspace
from conversations.knowledge import queries as knowledge_queries
from conversations.knowledge.queries import ARTICLE_VIEWS
from tests.factories import ArticleFactory, MacroFactory

pytestmark = pytest.mark.usefixtures("in_acme")
ALL = ARTICLE_VIEWS["all"]


def titles(view: str = "all", search: str = "") -> list[str]:
    return [row.title for row in knowledge_queries.article_page(ARTICLE_VIEWS[view], search=search).rows]


def test_each_view_holds_its_own(acme: Workspace, globex: Workspace) -> None:
    at = clock.now()
    ArticleFactory(workspace=acme, title="Public", at=at)
    ArticleFactory(workspace=acme, title="Inside", visibility="internal", at=at + timedelta(minutes=1))
    ArticleFactory(workspace=acme, title="Draft", published=False, at=at + timedelta(minutes=2))
    ArticleFactory(workspace=globex, title="Another's")
    assert {view: titles(view) for view in ARTICLE_VIEWS} == {
        "all": ["Draft", "Inside", "Public"],
        "published": ["Inside", "Public"],
        "drafts": ["Draft"],
        "internal": ["Inside"],
    }


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("gaug", True),
        ("RAIN clea", True),
        ("gauge snow", False),
        ("l'été", True),
        ("cal.exam", True),
        ("e-ma", True),
        ("ain", False),
        ("'", False),
        ("\\", False),
        ("a\\'b", False),
        (":* & |", False),
        ("\x00", False),
        ("gauge !(", True),
        ("ga:*", True),
    ],
)
def test_search_finds_words_by_their_beginnings(acme: Workspace, search: str, found: bool) -> None:
    ArticleFactory(workspace=acme, title="Clean the rain gauge", body="Par l'été, see cal.example.com or e-mail us.")
    assert bool(titles(search=search)) is found


def test_pages_follow_each_other_without_gap_or_repeat(acme: Workspace) -> None:
    at = clock.now()
    for number in range(7):
        ArticleFactory(workspace=acme, title=f"{number}", at=at + timedelta(minutes=number // 2))
        MacroFactory(workspace=acme, name=f"{'mM'[number % 2]}acro {number}")
    seen, after = [], None
    for _ in range(4):
        page = knowledge_queries.article_page(ALL, after=after, limit=2)
        seen, after = [*seen, *(row.title for row in page.rows)], page.next
    assert (seen, after) == (["6", "5", "4", "3", "2", "1", "0"], None)
    names, after = [], None
    for _ in range(4):
        macros = knowledge_queries.macro_page(after=after, limit=2)
        names, after = [*names, *(row.name[-1] for row in macros.rows)], macros.next
    assert (names, after) == (["0", "1", "2", "3", "4", "5", "6"], None)


def test_page_is_one_query_and_reads_no_whole_text(acme: Workspace) -> None:
    ArticleFactory(workspace=acme, body="x" * 90_000)
    MacroFactory(workspace=acme, body="y" * 9_000)
    with CaptureQueriesContext(connection) as queries:
        articles = list(knowledge_queries.article_page(ALL, search="article").rows)
        macros = list(knowledge_queries.macro_page(search="macro").rows)
        assert [len(row.opening) for row in (*articles, *macros)] == [400, 400]  # type: ignore[attr-defined]
        assert [row.author for row in (*articles, *macros)] == [None, None]
    assert len(queries) == 2


@pytest.mark.parametrize("cursor", ["?", "aGFsbG8", "/w==", "AA", "é"])
def test_cursor_of_somebody_else_is_refused(acme: Workspace, cursor: str) -> None:
    with pytest.raises(Invalid):
        knowledge_queries.article_page(ALL, after=cursor)
    if cursor != "aGFsbG8":  # a name, like any other
        with pytest.raises(Invalid):
            knowledge_queries.macro_page(after=cursor)


def test_row_of_another_workspace_is_not_found(acme: Workspace, globex: Workspace) -> None:
    ours, theirs = ArticleFactory(workspace=acme), ArticleFactory(workspace=globex)
    assert knowledge_queries.article(ours.public_id) == ours
    macro = MacroFactory(workspace=acme)
    assert knowledge_queries.macro(macro.public_id) == macro
    for find, missing in (
        (knowledge_queries.article, theirs.public_id),
        (knowledge_queries.article, uuid.uuid4()),
        (knowledge_queries.macro, MacroFactory(workspace=globex).public_id),
    ):
        with pytest.raises(NotFound):
            find(missing)
