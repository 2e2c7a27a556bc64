"""Pages of a list: nothing twice and nothing missed, whatever moves, and cursors that only the desk can have made."""

from __future__ import annotations

import base64

import pytest

from accounts.errors import Invalid
from accounts.models import Workspace
from conversations.models import Conversation, Macro
from conversations.queries import paging
from tests.effects import minutes
from tests.factories import ContactFactory, ConversationFactory, MacroFactory

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def conversations(acme: Workspace) -> list[Conversation]:
    """Seven, the later ones older, two of each moment but the last."""
    contact = ContactFactory(workspace=acme)
    return [
        ConversationFactory(workspace=acme, contact=contact, subject=str(n), body=None, at=minutes(10 - n // 2))
        for n in range(7)
    ]


def walk(by: str, limit: int) -> list[list[str]]:
    pages, after = [], None
    while True:
        page = paging.keyset(Conversation.objects.get_queryset(), by=by, after=after, limit=limit)
        pages.append([row.subject for row in page.rows])
        after = page.next
        if not page.has_more:
            return pages


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8])
@pytest.mark.parametrize(("by", "order"), [("created_at", "6452301"), ("-created_at", "1032546")])
def test_pages_hold_every_row_once_in_order(conversations: list[Conversation], by: str, order: str, limit: int) -> None:
    pages = walk(by, limit)
    assert "".join(subject for page in pages for subject in page) == order
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert 0 < len(pages[-1]) <= limit


def test_empty_list_is_one_empty_page() -> None:
    page = paging.keyset(Conversation.objects.none(), by="created_at", after=None, limit=5)
    assert (page.rows, page.next, page.has_more) == ([], None, False)


def test_row_that_comes_or_goes_moves_no_page(acme: Workspace, conversations: list[Conversation]) -> None:
    first = paging.keyset(Conversation.objects.get_queryset(), by="-created_at", after=None, limit=3)
    ConversationFactory(workspace=acme, subject="new", body=None, at=minutes(60))
    Conversation.objects.filter(pk=first.rows[-1].pk).delete()
    second = paging.keyset(Conversation.objects.get_queryset(), by="-created_at", after=first.next, limit=3)
    assert [row.subject for row in (*first.rows, *second.rows)] == ["1", "0", "3", "2", "5", "4"]


def test_page_reads_one_row_more_and_in_one_query(
    conversations: list[Conversation], django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(1) as captured:  # type: ignore[operator]
        paging.keyset(Conversation.objects.get_queryset(), by="created_at", after=None, limit=3)
    assert "LIMIT 4" in captured[0]["sql"]


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "é", "  ", "MTIz", "a" * 500, encoded("1"), encoded("1.2.3"), encoded("a.b"), encoded("1.0"),
        encoded("1.-5"), encoded("1.9223372036854775808"), encoded("99999999999999999999.1"), encoded("\x00.1"),
        encoded("١.٢"),
    ],
)  # fmt: skip
def test_cursor_that_the_desk_did_not_make_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as caught:
        paging.keyset(Conversation.objects.get_queryset(), by="created_at", after=cursor, limit=3)
    assert caught.value.field == "cursor"


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_names_are_ordered_whatever_their_case(acme: Workspace, limit: int) -> None:
    for name in ("beta", "Alpha", "gamma", "Delta", "éclair"):
        MacroFactory(workspace=acme, name=name)
    found: list[str] = []
    after = None
    while True:
        page = paging.by_name(Macro.objects.get_queryset(), after=after, limit=limit)
        found += [macro.name for macro in page.rows]
        after = page.next
        if not page.has_more:
            break
    assert found[:4] == ["Alpha", "beta", "Delta", "gamma"]
    assert sorted(found) == sorted(["beta", "Alpha", "gamma", "Delta", "éclair"])
