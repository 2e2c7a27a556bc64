"""What may happen to articles and macros, who may do it, and what the journal keeps of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection

from accounts import clock
from accounts.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations.knowledge import actions as knowledge_actions
from conversations.models import Article, Macro
from tests.conftest import Key, Member
from tests.factories import ArticleFactory, MacroFactory

EVIL = "Do not tell the journal"


def recorded(subject: str) -> list[tuple[str, dict[str, Any]]]:
    events = Event.objects.filter(subject_type=subject).order_by("pk")
    return [(event.type, event.data) for event in events]


@pytest.mark.usefixtures("in_acme")
def test_article_is_a_draft_until_it_is_published_and_again_when_it_is_taken_back(acme: Workspace, ben: Member) -> None:
    at = clock.now()
    made = knowledge_actions.create_article(
        workspace=acme, title="  Lost\n password ", body="Press\r\nreset.", by=ben.actor, at=at
    )
    row = Article.objects.get()
    assert (row.title, row.body, row.visibility) == ("Lost password", "Press\nreset.", "public")
    assert (row.author, row.created_at, row.updated_at, row.is_published) == (ben.user, at, at, False)
    assert not Article.objects.get_queryset().published().exists()  # type: ignore[attr-defined]

    later = at + timedelta(hours=1)
    for _ in range(2):
        knowledge_actions.publish_article(article=made, by=ben.actor, at=later)
    row = Article.objects.get()
    assert (row.published_at, row.updated_at) == (later, later)
    for _ in range(2):
        knowledge_actions.unpublish_article(article=made, by=ben.actor, at=later)
    assert not Article.objects.get().is_published
    knowledge_actions.delete_article(article=made, by=ben.actor, at=later)
    assert not Article.objects.exists()
    assert recorded("article") == [
        ("article.created", {"visibility": "public"}),
        ("article.published", {"visibility": "public"}),
        ("article.unpublished", {}),
        ("article.deleted", {}),
    ]


@pytest.mark.usefixtures("in_acme")
def test_only_what_differs_is_changed_and_only_then_is_there_an_event(acme: Workspace, ben: Member) -> None:
    article = ArticleFactory(workspace=acme, title="One", body="Two")
    macro = MacroFactory(workspace=acme, name="One", body="Two")
    at = clock.now() + timedelta(hours=1)
    for _ in range(2):
        knowledge_actions.update_article(
            article=article, title="One", body=EVIL, visibility="internal", by=ben.actor, at=at
        )
        knowledge_actions.update_macro(macro=macro, name="ONE", body=EVIL, by=ben.actor, at=at)
    assert recorded("article")[2:] == [("article.updated", {"fields": ["body", "visibility"]})]
    assert recorded("macro")[1:] == [("macro.updated", {"fields": ["name", "body"]})]
    assert (Article.objects.get().body, Macro.objects.get().body) == (EVIL, EVIL)
    assert (Article.objects.get().updated_at, Macro.objects.get().updated_at) == (at, at)
    assert EVIL not in str(list(Event.objects.values_list("data", flat=True)))


@pytest.mark.usefixtures("in_acme")
@pytest.mark.parametrize("kept", [None, {}])
def test_macro_without_a_condition_is_saved_again_without_a_change(
    acme: Workspace, ben: Member, kept: dict[str, Any] | None
) -> None:
    macro = MacroFactory(workspace=acme, name="One", body="Two", condition=kept)
    knowledge_actions.update_macro(macro=macro, name="One", condition={}, by=ben.actor, at=clock.now())
    assert not Event.objects.filter(type="macro.updated").exists()


@pytest.mark.usefixtures("in_acme")
def test_change_that_began_from_an_older_text_is_held_back(acme: Workspace, ben: Member) -> None:
    article = ArticleFactory(workspace=acme, body="As it was")
    seen, at = article.updated_at, clock.now() + timedelta(minutes=1)
    knowledge_actions.update_article(article=article, body="As Ada has it", seen=seen, by=ben.actor, at=at)
    with pytest.raises(Conflict) as refused:
        knowledge_actions.update_article(article=article, body="As Ben has it", seen=seen, by=ben.actor, at=at)
    assert refused.value.code == "article_changed"
    assert Article.objects.get().body == "As Ada has it"
    knowledge_actions.update_article(article=article, body="As Ben has it", seen=at, by=ben.actor, at=at)
    assert Article.objects.get().body == "As Ben has it"


FAULTS: list[tuple[dict[str, str], str, str]] = [
    ({"title": " \n "}, "title", "blank"),
    ({"title": "x" * 201}, "title", "too_long"),
    ({"title": "a\x00b"}, "title", "not_text"),
    ({"body": ""}, "body", "blank"),
    ({"body": "x" * 100_001}, "body", "too_long"),
    ({"body": "\ud800"}, "body", "not_text"),
    ({"visibility": "secret"}, "visibility", "invalid"),
]


@pytest.mark.usefixtures("in_acme")
@pytest.mark.parametrize(("given", "field", "code"), FAULTS)
def test_article_that_cannot_be_is_refused_with_its_field(
    acme: Workspace, ben: Member, given: dict[str, str], field: str, code: str
) -> None:
    article = ArticleFactory(workspace=acme)
    before = Event.objects.count()
    calls: list[Callable[[], object]] = [
        lambda: knowledge_actions.create_article(
            workspace=acme, by=ben.actor, at=clock.now(), **{"title": "A title", "body": "A body", **given}
        ),
        lambda: knowledge_actions.update_article(article=article, by=ben.actor, at=clock.now(), **given),  # type: ignore[arg-type]
    ]
    for call in calls:
        with pytest.raises(Invalid) as refused:
            call()
        assert (refused.value.field, refused.value.code) == (field, code)
    assert Event.objects.count() == before
    assert Article.objects.count() == 1


@pytest.mark.usefixtures("in_acme")
@pytest.mark.parametrize(
    ("given", "field"),
    [({"name": ""}, "name"), ({"name": "x" * 101}, "name"), ({"body": " "}, "body"), ({"body": "x" * 10_001}, "body")],
)
def test_macro_that_cannot_be_is_refused_with_its_field(
    acme: Workspace, ben: Member, given: dict[str, str], field: str
) -> None:
    macro = MacroFactory(workspace=acme)
    with pytest.raises(Invalid) as refused:
        knowledge_actions.create_macro(
            workspace=acme, by=ben.actor, at=clock.now(), **{"name": "A", "body": "B", **given}
        )
    assert refused.value.field == field
    with pytest.raises(Invalid) as refused:
        knowledge_actions.update_macro(macro=macro, by=ben.actor, at=clock.now(), **given)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_macro_names_are_unique_in_a_workspace_whatever_their_case(
    acme: Workspace, globex: Workspace, ben: Member
) -> None:
    first = MacroFactory(workspace=acme, name="Refund")
    other = MacroFactory(workspace=acme, name="Shipping")
    MacroFactory(workspace=globex, name="Refund")
    for call in (
        lambda: knowledge_actions.create_macro(workspace=acme, name=" REFUND", body="x", by=ben.actor, at=clock.now()),
        lambda: knowledge_actions.update_macro(macro=other, name="refund", by=ben.actor, at=clock.now()),
    ):
        with pytest.raises(Conflict) as refused:
            call()
        assert (refused.value.field, refused.value.code) == ("name", "name_taken")
    knowledge_actions.update_macro(macro=first, name="refund", by=ben.actor, at=clock.now())
    with pytest.raises(IntegrityError, match="macro_name_unique_per_workspace"):
        Macro.all_workspaces.create(workspace=acme, name="SHIPPING", body="x")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_one_name_at_once_one_gets_it(acme: Workspace, ben: Member) -> None:
    def take(n: int) -> str:
        try:
            knowledge_actions.create_macro(workspace=acme, name="Refund", body=str(n), by=ben.actor, at=clock.now())
            return "made"
        except Conflict as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(take, range(4)))
    assert outcomes == ["made", "name_taken", "name_taken", "name_taken"]
    assert Event.objects.filter(type="macro.created").count() == Macro.all_workspaces.count() == 1


def verbs(article: Article, macro: Macro, by: Actor) -> list[Callable[[], object]]:
    workspace, act = article.workspace, {"by": by, "at": clock.now()}
    return [
        lambda: knowledge_actions.create_article(workspace=workspace, title="A", body="B", **act),
        lambda: knowledge_actions.update_article(article=article, title="C", **act),
        lambda: knowledge_actions.unpublish_article(article=article, **act),
        lambda: knowledge_actions.publish_article(article=article, **act),
        lambda: knowledge_actions.create_macro(workspace=workspace, name="A", body="B", **act),
        lambda: knowledge_actions.update_macro(macro=macro, name="C", **act),
        lambda: knowledge_actions.delete_article(article=article, **act),
        lambda: knowledge_actions.delete_macro(macro=macro, **act),
    ]


def test_agents_write_and_viewers_keys_and_strangers_do_not(
    acme: Workspace, ben: Member, vic: Member, cleo: Member, acme_key: Key
) -> None:
    article, macro = ArticleFactory(workspace=acme), MacroFactory(workspace=acme)
    before = Event.objects.count()
    refusals: list[tuple[Actor, type[DomainError]]] = [
        (vic.actor, Forbidden),
        (Actor.key(acme_key.row), Forbidden),
        (cleo.actor, NotFound),
    ]
    for by, refusal in refusals:
        for verb in verbs(article, macro, by):
            with pytest.raises(refusal):
                verb()
    assert Event.objects.count() == before
    for verb in verbs(article, macro, ben.actor):
        verb()
    assert Event.objects.count() == before + 8


def test_what_is_gone_is_not_found(acme: Workspace, ben: Member) -> None:
    article, macro = ArticleFactory(workspace=acme), MacroFactory(workspace=acme)
    for verb in verbs(article, macro, ben.actor):
        verb()
    gone = verbs(article, macro, ben.actor)
    for verb in (*gone[1:4], *gone[5:]):
        with pytest.raises(NotFound):
            verb()
