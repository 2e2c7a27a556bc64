"""Compiled queries: the query set stays the source."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from accounts import tenancy
from accounts.compiled import compiled, printing
from accounts.models import Workspace
from conversations.models import Conversation
from tests import factories

pytestmark = pytest.mark.django_db


@compiled
def newest(status: str | None, limit: int, *, subject: str | None = None) -> QuerySet[Conversation]:
    rows = printing(Conversation.objects.all(), ["number", "subject", "contact__name"])
    if status:
        rows = rows.filter(status=status)
    if subject is not None:
        rows = rows.filter(subject=subject)
    return rows.order_by("-number")[:limit]


@compiled
def by_ids(*, ids: list[int]) -> QuerySet[Conversation, tuple[int, int]]:
    return Conversation.objects.filter(pk__any_of=ids).order_by("number").values_list("pk", "number")


@compiled
def lengthened(*, subject: str) -> QuerySet[Conversation]:
    return Conversation.objects.filter(subject=subject + "!")


@compiled
def chosen(*, is_open: bool) -> QuerySet[Conversation]:
    return Conversation.objects.filter(status="open" if is_open else "closed")


def test_it_gives_the_rows_of_its_query_set_and_no_more_columns(acme: Workspace) -> None:
    made = [factories.ConversationFactory(workspace=acme, subject=f"Order {n}") for n in range(3)]
    with tenancy.scope(acme):
        plain, rows = list(newest.build(None, 2)), newest.rows(None, 2)
        with CaptureQueriesContext(connection) as captured:
            assert [(row.pk, row.subject, row.contact.name) for row in rows] == [
                (row.pk, row.subject, row.contact.name) for row in (made[2], made[1])
            ]
        assert not captured
        assert [row.__dict__.keys() for row in rows] == [row.__dict__.keys() for row in plain]
        assert rows == plain
        rows[0].refresh_from_db()
        assert rows[0].status == "open"


@compiled
def with_metadata() -> QuerySet[Conversation, tuple[object]]:
    return Conversation.objects.order_by("pk").values_list("metadata")


def test_json_is_read_as_django_reads_it_and_each_row_has_its_own(acme: Workspace) -> None:
    values = [{}, {}, {"a": [{}, None, 12345678901234567890123, 1.5, "é"]}]
    for value in values:
        factories.ConversationFactory(workspace=acme, metadata=value)
    with tenancy.scope(acme):
        assert with_metadata.rows() == list(with_metadata.build()) == [(value,) for value in values]
        first, second, _ = with_metadata.rows()
        assert first[0] is not second[0]


def test_a_column_that_was_not_read_is_read_when_it_is_asked_for(acme: Workspace) -> None:
    factories.ConversationFactory(workspace=acme, priority="high")
    with tenancy.scope(acme):
        (row,) = newest.rows(None, 1)
        with CaptureQueriesContext(connection) as captured:
            assert row.priority == "high"
        assert len(captured) == 1


def test_one_statement_serves_all_workspaces_and_all_values(acme: Workspace, globex: Workspace) -> None:
    for workspace in (acme, globex):
        for subject in ("Delivery", "Invoice"):
            factories.ConversationFactory(workspace=workspace, subject=subject)
    newest.plans.clear()
    seen = []
    for workspace in (acme, globex):
        with tenancy.scope(workspace):
            for subject in ("Delivery", "Invoice", "Nothing"):
                rows = newest.rows(None, 5, subject=subject)
                seen.append([(row.workspace_id, row.subject) for row in rows])
    assert seen == [
        [(acme.pk, "Delivery")], [(acme.pk, "Invoice")], [],
        [(globex.pk, "Delivery")], [(globex.pk, "Invoice")], [],
    ]  # fmt: skip
    assert len(newest.plans) == 1


def test_a_shape_is_compiled_apart_and_none_is_part_of_it(acme: Workspace) -> None:
    newest.plans.clear()
    with tenancy.scope(acme):
        for status in (None, "open"):
            for subject in (None, "x"):
                newest.rows(status, 5, subject=subject)
    assert len(newest.plans) == 4


def test_many_ids_are_one_parameter_whatever_their_number(acme: Workspace) -> None:
    made = [factories.ConversationFactory(workspace=acme) for _ in range(3)]
    with tenancy.scope(acme):
        by_ids.plans.clear()
        assert by_ids.rows(ids=[row.pk for row in made]) == [(row.pk, row.number) for row in made]
        assert by_ids.rows(ids=[made[1].pk]) == [(made[1].pk, made[1].number)]
        assert by_ids.rows(ids=[]) == []
        assert len(by_ids.plans) == 1


def test_a_value_that_is_more_than_compared_with_is_refused(acme: Workspace) -> None:
    with tenancy.scope(acme):
        with pytest.raises(TypeError, match="does more with subject than compare"):
            lengthened.rows(subject="x")
        with pytest.raises(TypeError, match="is_open is a bool"):
            chosen.rows(is_open=True)


def test_outside_a_scope_it_answers_nothing(acme: Workspace) -> None:
    with tenancy.scope(acme):
        newest.rows(None, 1)
    with pytest.raises(tenancy.MissingScope):
        newest.rows(None, 1)


def test_a_statement_that_is_no_longer_its_query_sets_does_not_agree(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenancy.scope(acme):
        assert newest.agrees("open", 5, subject="x")
        assert newest.agrees("open", 5)
        monkeypatch.setattr(newest, "build", lambda *_: Conversation.objects.order_by("number")[:5])
        assert not newest.agrees("open", 5)
