"""What a conversation is about and how pressing it is: priority, tags, subject; and that the team has read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.errors import Invalid
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions, priorities
from conversations.models import Conversation
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, recorded, refused
from tests.factories import ConversationFactory, receive
from tickets.models import Tag

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    return ConversationFactory(workspace=acme, subject="Help", at=MORNING)


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def done(verb: Callable[..., Any], conversation: Conversation, **values: Any) -> Callable[[], Conversation]:
    values.setdefault("at", minutes(1))
    by = Actor.system(conversation.workspace_id)
    return lambda: verb(conversation=conversation, by=by, **values)


@pytest.mark.parametrize(
    ("label", "rank"),
    [
        ("low", 1), ("normal", 2), ("medium", 2), ("high", 3), ("urgent", 4), ("critical", 4),
        ("Urgent", 4), (" high ", 3), ("p1", 2), ("★", 2), ("x" * 32, 2),
    ],
)  # fmt: skip
def test_priority_is_any_label_and_has_a_rank(conversation: Conversation, label: str, rank: int) -> None:
    assert priorities.rank(label) == rank
    done(actions.set_priority, conversation, priority=label)()
    row = fresh(conversation)
    assert (row.priority, row.priority_rank) == (label, rank)


def test_priority_is_one_event_with_the_one_before(conversation: Conversation) -> None:
    change = done(actions.set_priority, conversation, priority="urgent")
    assert recorded(change) == [("conversation.priority_changed", {"priority": "urgent", "previous": "normal"})]
    with nothing_changes():
        change()


@pytest.mark.parametrize("label", ["", " ", "x" * 33, "nul\x00"])
def test_label_that_cannot_be_kept_is_refused(conversation: Conversation, label: str) -> None:
    with refused(Invalid, field="priority"):
        done(actions.set_priority, conversation, priority=label)()


@pytest.mark.parametrize(
    ("before", "after", "added", "removed"),
    [
        ([], ["vip"], ["vip"], []),
        (["vip"], [], [], ["vip"]),
        (["b", "a"], ["a", "c", "d"], ["c", "d"], ["b"]),
        (["a", "b"], ["b", "a"], [], []),
        (["vip"], ["VIP"], ["VIP"], ["vip"]),
    ],
)
def test_tags_are_one_event_with_what_came_and_went(
    conversation: Conversation, before: list[str], after: list[str], added: list[str], removed: list[str]
) -> None:
    done(actions.set_tags, conversation, names=before)()
    events = recorded(done(actions.set_tags, conversation, names=after, at=minutes(2)))
    assert events == [("conversation.tagged", {"added": added, "removed": removed})]
    assert (fresh(conversation).tags, fresh(conversation).updated_at) == (after, minutes(2))


def test_same_tags_are_no_change(conversation: Conversation) -> None:
    done(actions.set_tags, conversation, names=["a", "b"])()
    with nothing_changes():
        done(actions.set_tags, conversation, names=["a", "b"], at=minutes(2))()


def test_most_tags_and_the_longest_are_kept(conversation: Conversation) -> None:
    names = [f"{n:03}".ljust(100, "x") for n in range(100)]
    done(actions.set_tags, conversation, names=names)()
    assert fresh(conversation).tags == names


@pytest.mark.parametrize("names", [["x"] * 101, ["x" * 101], ["nul\x00"], ["good", "half \ud800"]])
def test_tags_that_cannot_be_kept_are_refused(conversation: Conversation, names: list[str]) -> None:
    with refused(Invalid, field="tags"):
        done(actions.set_tags, conversation, names=names)()


def test_catalogue_has_each_tag_once_in_its_first_spelling(acme: Workspace, conversation: Conversation) -> None:
    done(actions.set_tags, conversation, names=["VIP", "vip", "Billing"])()
    done(actions.set_tags, ConversationFactory(workspace=acme), names=["billing", "new"])()
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["Billing", "VIP", "new"]


def test_tag_stays_in_the_catalogue_when_no_one_has_it(conversation: Conversation) -> None:
    done(actions.set_tags, conversation, names=["once"])()
    done(actions.set_tags, conversation, names=[], at=minutes(2))()
    assert Tag.objects.get().name == "once"


def test_subject_is_kept_as_given_and_the_event_does_not_hold_it(conversation: Conversation) -> None:
    change = done(actions.edit_subject, conversation, subject=" Wrong invoice ")
    assert recorded(change) == [("conversation.subject_changed", {})]
    assert fresh(conversation).subject == " Wrong invoice "
    with nothing_changes():
        change()


@pytest.mark.parametrize("subject", ["", "\t", "x" * 10_001, "\ud800"])
def test_subject_that_cannot_be_kept_is_refused(conversation: Conversation, subject: str) -> None:
    with refused(Invalid, field="subject"):
        done(actions.edit_subject, conversation, subject=subject)()


def test_sorting_moves_neither_turn_nor_thread(conversation: Conversation) -> None:
    before = fresh(conversation)
    done(actions.set_priority, conversation, priority="high")()
    done(actions.set_tags, conversation, names=["vip"])()
    done(actions.edit_subject, conversation, subject="New")()
    after = fresh(conversation)
    for name in ("status", "waiting_since", "unread_count", "message_count", "last_activity_at", "last_visible_at"):
        assert getattr(after, name) == getattr(before, name), name


def test_reading_is_one_event_and_leaves_the_moment_of_change(conversation: Conversation, ben: Member) -> None:
    receive(conversation, at=minutes(1))
    read = done(actions.mark_read, fresh(conversation), at=minutes(2))
    assert recorded(read) == [("conversation.read", {})]
    row = fresh(conversation)
    assert (row.unread_count, row.updated_at, row.status) == (0, minutes(1), "open")
    with nothing_changes():
        done(actions.mark_read, row, at=minutes(3))()


def test_reader_with_an_old_row_reads_nothing_twice(conversation: Conversation) -> None:
    stale = fresh(conversation)
    done(actions.mark_read, conversation)()
    with nothing_changes():
        done(actions.mark_read, stale, at=minutes(2))()


def test_what_comes_after_reading_is_unread(conversation: Conversation) -> None:
    done(actions.mark_read, conversation)()
    receive(conversation, at=minutes(2))
    assert fresh(conversation).unread_count == 1
