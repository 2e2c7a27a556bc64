"""Words that search has learned are forgotten with the last text that holds them, and not before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations import actions
from conversations.actions import forgetting
from conversations.models import Conversation, Message, SearchWord
from tests.conftest import Member
from tests.factories import ArticleFactory, ConversationFactory, MacroFactory


@pytest.fixture(autouse=True)
def _scope(acme: Workspace) -> Iterator[None]:
    with tenancy.scope(acme):
        yield


def known(word: str) -> bool:
    return SearchWord.objects.filter(word=word).exists()


def removed(conversation: Conversation) -> set[str]:
    """Remove the text of a conversation; returns the words that it had."""
    words = forgetting.words_in(conversation.workspace_id, [conversation.pk])
    Message.objects.filter(conversation=conversation).delete()
    Conversation.objects.filter(pk=conversation.pk).delete()
    return words


@pytest.mark.parametrize(
    "word", ["parcel", "o'neill's", "paquete’s", "ملفات", "back\\slash", "c:\\temp\\parcel", "façade"]
)
def test_word_that_no_text_holds_any_more_is_forgotten(acme: Workspace, word: str) -> None:
    one = ConversationFactory(workspace=acme, body=f"Where is {word} now")
    other = ConversationFactory(workspace=acme, body=f"Here is {word}")
    words = forgetting.words_of(word) & {row.word for row in SearchWord.objects.all()}
    assert words
    forgetting.forget(acme.pk, removed(one))
    assert all(map(known, words))
    forgetting.forget(acme.pk, removed(other))
    assert not any(map(known, words))


def test_word_is_forgotten_also_where_statistics_call_it_a_common_one(acme: Workspace) -> None:
    rows = [ConversationFactory(workspace=acme, body="Where is my parcel?") for _ in range(3)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE conversations_message")
    words = set().union(*map(removed, rows))
    forgetting.forget(acme.pk, words)
    assert not known("parcel")


def test_word_stays_while_a_conversation_in_the_trash_an_article_or_a_macro_holds_it(
    acme: Workspace, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "LOOKED_AT", 0)
    trashed = ConversationFactory(workspace=acme, body="Trashcan and drawbridge")
    actions.trash(conversation=trashed, by=ada.actor, at=clock.now())
    ArticleFactory(workspace=acme, body="All about the gearwheel")
    MacroFactory(workspace=acme, body="Turn the flywheel")
    words = removed(ConversationFactory(workspace=acme, body="drawbridge gearwheel flywheel sprocket"))
    forgetting.forget(acme.pk, words)
    assert [known(word) for word in ("drawbridge", "gearwheel", "flywheel", "sprocket")] == [True, True, True, False]
