"""The screens of articles, by plain forms and redirects: everything works without any script."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import clock, tenancy
from accounts.models import Event, Workspace
from conversations.knowledge import actions as knowledge_actions
from conversations.models import Article
from tests.conftest import Member
from tests.factories import ArticleFactory
from tests.inbox.conftest import HTMX, markup_of, queries_of, text_of

URL = "/w/acme/knowledge"
GIVEN = {"title": "Lost password", "body": "Press\r\nreset.", "visibility": "public"}


def only(workspace: Workspace) -> Article:
    with tenancy.scope(workspace):
        return Article.objects.get()


def address(article: Article, page: str = "") -> str:
    return f"{URL}/articles/{article.public_id}{page}"


def test_article_is_written_read_changed_published_taken_back_and_deleted(
    agent: Client, acme: Workspace, ben: Member
) -> None:
    assert "Write the first article" in text_of(agent.get(URL).content)
    answer = agent.post(f"{URL}/articles/new", GIVEN)
    row = only(acme)
    assert (answer.status_code, answer["Location"]) == (302, address(row))
    assert (row.title, row.body, row.author, row.is_published) == ("Lost password", "Press\nreset.", ben.user, False)
    page = text_of(agent.get(address(row)).content)
    assert "Draft saved." in page
    assert "Drafts are visible to agents only" in page

    agent.post(address(row, "/publish"))
    page = text_of(agent.get(address(row)).content)
    assert "Published." in page
    assert "A draft" not in page
    agent.post(address(row, "/edit"), {**GIVEN, "body": "Press twice.", "visibility": "internal"})
    row = only(acme)
    assert (row.body, row.visibility, row.is_published) == ("Press twice.", "internal", True)
    assert "Team only" in text_of(agent.get(address(row)).content)
    agent.post(address(row, "/unpublish"))
    assert not only(acme).is_published

    assert "Delete “Lost password”?" in text_of(agent.get(address(row, "/delete")).content)
    answer = agent.post(address(row, "/delete"))
    assert answer["Location"] == URL
    assert "Article deleted." in text_of(agent.get(URL).content)
    assert agent.get(address(row)).status_code == 404


def test_article_may_be_published_as_it_is_written_or_changed(agent: Client, acme: Workspace) -> None:
    agent.post(f"{URL}/articles/new", {**GIVEN, "then": "publish"})
    row = only(acme)
    assert row.is_published
    agent.post(address(row, "/unpublish"))
    agent.post(address(row, "/edit"), {**GIVEN, "body": "Better.", "then": "publish"})
    row = only(acme)
    assert (row.body, row.is_published) == ("Better.", True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"title": " "}, "Give it a title."),
        ({"title": "x" * 201}, "at most 200 characters"),
        ({"body": ""}, "Write something first."),
        ({"body": " \r\n "}, "Write something first."),
        ({"visibility": "secret"}, "not one of the available choices"),
    ],
)
def test_refused_text_is_still_there_beside_the_reason(
    agent: Client, acme: Workspace, given: dict[str, str], message: str
) -> None:
    article = ArticleFactory(workspace=acme, title="As it was", body="As it was")
    before = Event.objects.count()
    sent = {"title": "My title", "body": "\r\n My text", "visibility": "internal", **given}
    for url in (f"{URL}/articles/new", address(article, "/edit")):
        answer = agent.post(url, sent)
        assert answer.status_code == 422
        assert message in text_of(answer.content)
        html = answer.content.decode()
        if "title" not in given:
            assert ">My title</textarea>" in html
        if "body" not in given:
            # The first line break after the tag is not part of a text.
            assert ">\n\r\n My text</textarea>" in html.replace("&#13;", "\r")
            assert 'value="internal" checked' in html or "visibility" in given
    assert Event.objects.count() == before


def test_both_reasons_are_shown_at_once(agent: Client, acme: Workspace) -> None:
    text = text_of(agent.post(f"{URL}/articles/new", {"title": "", "body": "", "visibility": "public"}).content)
    assert "Give it a title." in text
    assert "Write something first." in text


def test_change_by_somebody_else_is_not_overwritten_unseen(agent: Client, acme: Workspace, ada: Member) -> None:
    article = ArticleFactory(workspace=acme, title="Lost password", body="As it was")
    seen = agent.get(address(article, "/edit")).context["seen"]
    at = clock.now() + timedelta(minutes=1)
    knowledge_actions.update_article(article=article, body="As Ada has it", by=ada.actor, at=at)

    answer = agent.post(address(article, "/edit"), {**GIVEN, "body": "As Ben has it", "seen": seen})
    assert answer.status_code == 409
    assert "Someone else has changed this article." in text_of(answer.content)
    assert "As Ben has it</textarea>" in answer.content.decode()
    assert only(acme).body == "As Ada has it"
    # A second fault in between does not make it seen.
    again = agent.post(address(article, "/edit"), {**GIVEN, "body": "", "seen": seen})
    assert again.context["seen"] == seen
    agent.post(address(article, "/edit"), {**GIVEN, "body": "As Ben has it", "seen": answer.context["seen"]})
    assert only(acme).body == "As Ben has it"


def test_views_and_search_hold_what_they_name(agent: Client, acme: Workspace) -> None:
    ArticleFactory(workspace=acme, title="Rain gauge", body="x")
    ArticleFactory(workspace=acme, title="Rain inside", body="x", visibility="internal")
    ArticleFactory(workspace=acme, title="Wind draft", body="x", published=False)

    def shown(**query: str) -> set[str]:
        return {row.title for row in agent.get(URL, query).context["rows"]}

    assert shown() == {"Rain gauge", "Rain inside", "Wind draft"}
    assert shown(view="published") == {"Rain gauge", "Rain inside"}
    assert shown(view="drafts") == {"Wind draft"}
    assert shown(view="internal", q="rai") == {"Rain inside"}
    assert shown(q="\x00 wind") == {"Wind draft"}
    assert shown(view="nonsense", q="  ") == shown()
    nothing = text_of(agent.get(URL, {"q": "<snow>"}).content)
    assert "No results for “&lt;snow&gt;”" in nothing


def test_long_list_is_read_page_by_page(agent: Client, acme: Workspace) -> None:
    at = clock.now()
    for number in range(35):
        ArticleFactory(workspace=acme, title=f"Article {number:02}", at=at + timedelta(minutes=number))
    first = agent.get(URL)
    assert len(first.context["rows"]) == 30
    assert f"after={first.context['next']}" in first.content.decode()
    rest = agent.get(URL, {"after": first.context["next"]}, headers={**HTMX, "HX-Target": "more"})
    assert [row.title for row in rest.context["rows"]] == [f"Article {n:02}" for n in (4, 3, 2, 1, 0)]
    assert b"<main" not in rest.content
    assert agent.get(URL, {"after": "nonsense"}).status_code == 404


def test_fragments_are_the_parts_that_were_asked_for(agent: Client, acme: Workspace) -> None:
    article = ArticleFactory(workspace=acme, title="Rain gauge")
    found = agent.get(URL, {"q": "rain"}, headers={**HTMX, "HX-Target": "found"}).content.decode()
    assert found.strip().startswith('<div id="found">')
    part = agent.get(address(article), headers={**HTMX, "HX-Target": "knowledge"}).content.decode()
    assert "<title>Rain gauge · Acme</title>" in part
    assert 'class="rail"' not in part
    restored = agent.get(URL, headers={**HTMX, "HX-History-Restore-Request": "true"}).content.decode()
    assert 'class="rail"' in restored


def test_rail_says_where_one_is(agent: Client, conversation: Any) -> None:
    def current(path: str) -> list[str]:
        rail = markup_of(agent.get(path).content).split('<nav class="rail"')[1].split("</nav>")[0]
        return [
            link.split('aria-label="')[1].split('"')[0] for link in rail.split("<a ") if 'aria-current="page"' in link
        ]

    assert current("/w/acme/inbox") == current("/w/acme/inbox/1") == ["Inbox"]
    assert current(URL) == current(f"{URL}/macros") == current(f"{URL}/articles/new") == ["Knowledge"]


def test_viewers_read_and_change_nothing(viewer: Client, acme: Workspace) -> None:
    article = ArticleFactory(workspace=acme, title="Rain gauge")
    before = Event.objects.count()
    for path in (URL, address(article)):
        answer = viewer.get(path)
        assert answer.status_code == 200
        assert "Rain gauge" in text_of(answer.content)
        for forbidden in ("New article", "Edit", "Unpublish", "Delete"):
            assert forbidden not in text_of(answer.content)
    for page in ("/edit", "/delete"):
        assert viewer.get(address(article, page)).status_code == 403
    assert viewer.get(f"{URL}/articles/new").status_code == 403
    for page in ("/edit", "/delete", "/publish", "/unpublish"):
        assert viewer.post(address(article, page), GIVEN).status_code == 403
    assert viewer.post(f"{URL}/articles/new", GIVEN).status_code == 403
    assert Event.objects.count() == before


def test_drafts_are_known_to_their_editors_alone(agent: Client, viewer: Client, acme: Workspace) -> None:
    draft = ArticleFactory(workspace=acme, title="Half a thought", published=False)
    ArticleFactory(workspace=acme, title="Rain gauge")
    assert "Half a thought" in text_of(agent.get(URL).content)
    for query in ("", "?view=drafts", "?q=half"):
        assert "Half a thought" not in text_of(viewer.get(URL + query).content)
    assert viewer.get(address(draft)).status_code == 404
    views = [label for label, _, _ in viewer.get(URL).context["tabs"]]
    assert views == ["All", "Team only"]


def test_list_and_article_ask_the_same_number_of_queries_for_one_row_and_for_twenty(
    agent: Client, acme: Workspace, ben: Member
) -> None:
    article = ArticleFactory(workspace=acme, by=ben.actor)
    agent.get(URL)  # the session remembers the workspace from now on
    before = [queries_of(lambda: agent.get(URL)), queries_of(lambda: agent.get(address(article)))]
    for _ in range(19):
        ArticleFactory(workspace=acme, by=ben.actor)
    assert len(agent.get(URL).context["rows"]) == 20
    assert [queries_of(lambda: agent.get(URL)), queries_of(lambda: agent.get(address(article)))] == before
    assert max(before) <= 6
